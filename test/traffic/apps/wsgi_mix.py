"""The mix of test/traffic as a bare WSGI application."""
import json
import os
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))
from traffic_pattern import block_of, judge_upload, pieces_of  # noqa: E402

READ_BYTES = 65536


def application(environ, start_response):
    query = dict(pair.split('=') for pair in environ['QUERY_STRING'].split('&') if pair)
    return ROUTES[environ['PATH_INFO']](environ, query, start_response)


def answer(environ, start_response, content_type, body):
    start_response('200 OK', [('Content-Type', content_type), ('Content-Length', str(len(body)))])
    return [] if environ['REQUEST_METHOD'] == 'HEAD' else [body]


def index(environ, query, start_response):
    return answer(environ, start_response, 'text/plain', b'ready\n')


def make_json(environ, query, start_response):
    body = json.dumps({'id': int(query['id']), 'text': query['text']}, separators=(',', ':')).encode() + b'\n'
    return answer(environ, start_response, 'application/json', body)


def echo(environ, query, start_response):
    return answer(environ, start_response, 'text/plain', b''.join(chunks_of(environ['wsgi.input'])))


def upload(environ, query, start_response):
    body = judge_upload(query['id'], int(query['offset']), chunks_of(environ['wsgi.input']))
    return answer(environ, start_response, 'text/plain', body)


def chunks_of(body):
    while chunk := body.read(READ_BYTES):
        yield chunk


def sleep(environ, query, start_response):
    time.sleep(int(query['ms']) / 1000)
    return answer(environ, start_response, 'text/plain', b'%s slept\n' % query['id'].encode())


def stream(environ, query, start_response):
    start_response('200 OK', [('Content-Type', 'application/octet-stream')])
    return pieces_of(query['id'], int(query['pieces']))


def down(environ, query, start_response):
    return answer(environ, start_response, 'application/octet-stream', block_of(query['id'], int(query['bytes'])))


def error(environ, query, start_response):
    raise RuntimeError('asked for by request ' + query['id'])


ROUTES = {
    '/': index,
    '/json': make_json,
    '/echo': echo,
    '/upload': upload,
    '/sleep': sleep,
    '/stream': stream,
    '/down': down,
    '/error': error,
}
app = application
