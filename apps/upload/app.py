"""Uploads, downloads and streams with nothing but the standard library: what a WSGI application can do by itself."""
import hashlib
import html
import json
import os
import time
from urllib.parse import parse_qs

from multipart import boundary_of, files_of

BLOCK = 65536
PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'page.html')


def application(environ, start_response):
    routes = {
        ('GET', '/'): page,
        ('POST', '/'): upload_form,
        ('PUT', '/digest'): upload_raw,
        ('GET', '/download'): download,
        ('GET', '/ticks'): ticks,
    }
    path = environ['PATH_INFO'] or '/'
    method = 'GET' if environ['REQUEST_METHOD'] == 'HEAD' else environ['REQUEST_METHOD']
    handler = routes.get((method, path))
    if handler is None:
        status = '405 Method Not Allowed' if any(path == known for _, known in routes) else '404 Not Found'
        return answer(start_response, status, 'text/plain', status.encode() + b'\n')
    try:
        return handler(environ, start_response)
    except ValueError as error:
        return answer(start_response, '400 Bad Request', 'text/plain; charset=utf-8', ('%s\n' % error).encode())


def page(environ, start_response, results=''):
    """The page; its links begin with SCRIPT_NAME, so that it works wherever it is mounted."""
    with open(PAGE, encoding='utf-8') as file:
        text = file.read()
    mount = html.escape(environ['SCRIPT_NAME'].encode('latin-1').decode('utf-8', 'replace'))
    body = text.replace('{{mount}}', mount).replace('{{results}}', results).encode()
    return answer(start_response, '200 OK', 'text/html; charset=utf-8', body)


def upload_form(environ, start_response):
    """The size and SHA-256 of each file of the form, none of which is kept."""
    boundary = boundary_of(environ.get('CONTENT_TYPE', ''))
    if boundary is None:
        raise ValueError('send a form with files (multipart/form-data), or PUT one file to /digest')
    rows = []
    for name, blocks in files_of(environ['wsgi.input'], boundary):
        size, digest = measure(blocks)
        rows.append('<tr><td>%s</td><td>%d</td><td><code>%s</code></td></tr>' % (html.escape(name), size, digest))
    return page(environ, start_response, ''.join(rows) or '<tr><td colspan="3">No file was chosen.</td></tr>')


def upload_raw(environ, start_response):
    size, digest = measure(iter(lambda: environ['wsgi.input'].read(BLOCK), b''))
    body = json.dumps({'size': size, 'sha256': digest}).encode() + b'\n'
    return answer(start_response, '200 OK', 'application/json', body)


def measure(blocks):
    size, digest = 0, hashlib.sha256()
    for block in blocks:
        size += len(block)
        digest.update(block)
    return size, digest.hexdigest()


def download(environ, start_response):
    """As many bytes as `size` says, made while they are sent."""
    size = number(environ, 'size', 10 * 1024 * 1024, 1 << 40)
    start_response('200 OK', [
        ('Content-Type', 'application/octet-stream'),
        ('Content-Length', str(size)),
        ('Content-Disposition', 'attachment; filename="download.bin"'),
    ])
    block = bytes(range(256)) * (BLOCK // 256)
    return (block[:min(BLOCK, size - at)] for at in range(0, size, BLOCK))


def ticks(environ, start_response):
    """Server-sent events (HTML, section 9.2): one each `every` milliseconds."""
    count, every = number(environ, 'count', 10, 3600), number(environ, 'every', 1000, 60_000)
    start_response('200 OK', [('Content-Type', 'text/event-stream'), ('Cache-Control', 'no-store')])
    return tick(count, every / 1000)


def tick(count, pause):
    for index in range(1, count + 1):
        yield b'data: %d of %d\n\n' % (index, count)
        if index < count:
            time.sleep(pause)
    yield b'event: end\ndata: that was all\n\n'


def number(environ, name, default, most):
    text = parse_qs(environ.get('QUERY_STRING', '')).get(name, [str(default)])[0]
    if not text.isascii() or not text.isdigit() or int(text) > most:
        raise ValueError('%s is a number from 0 to %d' % (name, most))
    return int(text)


def answer(start_response, status, content_type, body):
    start_response(status, [('Content-Type', content_type), ('Content-Length', str(len(body)))])
    return [body]
