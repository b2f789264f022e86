"""The mix of test/traffic as a Flask application."""
import os
import sys
import time

from flask import Flask, Response, jsonify, request

sys.path.insert(0, os.path.dirname(__file__))
from traffic_pattern import block_of, judge_upload, pieces_of  # noqa: E402

app = application = Flask(__name__)


@app.get('/')
def index():
    return Response('ready\n', mimetype='text/plain')


@app.get('/json')
def make_json():
    return jsonify(id=int(request.args['id']), text=request.args['text'])


@app.post('/echo')
def echo():
    return Response(request.get_data(cache=False), mimetype='text/plain')


@app.post('/upload')
def upload():
    body = request.get_data(cache=False)
    answer = judge_upload(request.args['id'], int(request.args['offset']), [body])
    return Response(answer, mimetype='text/plain')


@app.get('/sleep')
def sleep():
    time.sleep(int(request.args['ms']) / 1000)
    return Response(request.args['id'] + ' slept\n', mimetype='text/plain')


@app.get('/stream')
def stream():
    pieces = pieces_of(request.args['id'], int(request.args['pieces']))
    return Response(pieces, mimetype='application/octet-stream')


@app.get('/down')
def down():
    return Response(block_of(request.args['id'], int(request.args['bytes'])), mimetype='application/octet-stream')


@app.get('/error')
def error():
    raise RuntimeError('asked for by request ' + request.args['id'])
