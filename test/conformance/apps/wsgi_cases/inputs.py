"""wsgi.input, as the header X-Steps tells (PEP 3333, "Input and Error Streams")."""
import hashlib
import json

from .common import plain, registry
from .records import record

APPS, app = registry()


def run(stream, step):
    """One step, `METHOD` or `METHOD:SIZE`, and what it gave."""
    name, _, size = step.partition(':')
    sizes = [int(size)] if size else []
    if name == 'skip':
        return sum(len(stream.read(min(8192, left))) for left in range(sizes[0], 0, -8192))
    if name == 'iterate':
        return [line.decode('latin-1') for line in stream]
    if name == 'next':
        return next(iter(stream), b'').decode('latin-1')
    given = getattr(stream, name)(*sizes)
    return given.decode('latin-1') if isinstance(given, bytes) else [line.decode('latin-1') for line in given]


@app
def steps(environ, start_response):
    record(environ, 'called')
    try:
        seen = [run(environ['wsgi.input'], step) for step in environ['HTTP_X_STEPS'].split(',')]
    except Exception as error:
        record(environ, 'raised')
        seen = type(error).__name__
    plain(start_response)
    return [json.dumps({'seen': seen, 'length': environ.get('CONTENT_LENGTH') or ''}).encode()]


@app
def digest(environ, start_response):
    """Reads what Content-Length says, or to the end where there is none; in pieces."""
    record(environ, 'called')
    length = environ.get('CONTENT_LENGTH')
    left = int(length) if length else float('inf')
    total, size = hashlib.sha256(), 0
    try:
        while left > 0:
            block = environ['wsgi.input'].read(int(min(left, 10_000)))
            if not block:
                break
            total.update(block)
            size += len(block)
            left -= len(block)
    except Exception:
        record(environ, 'raised')
        raise
    record(environ, f'read {size}')
    plain(start_response)
    return [f'{size} {total.hexdigest()}'.encode()]


@app
def types(environ, start_response):
    stream = environ['wsgi.input']
    given = [stream.read(1), stream.readline(), stream.readline()]
    plain(start_response)
    return [b'bytes' if all(type(each) is bytes for each in given) else b'others']


@app
def unread(environ, start_response):
    plain(start_response)
    return [b'unread']


@app
def half_read(environ, start_response):
    environ['wsgi.input'].read(3)
    plain(start_response)
    return [b'half read']


@app
def answers_first(environ, start_response):
    """Reads while it answers."""
    plain(start_response)
    yield b'got '
    yield environ['wsgi.input'].read(int(environ['CONTENT_LENGTH']))


@app
def echo(environ, start_response):
    body = environ['wsgi.input'].read(int(environ.get('CONTENT_LENGTH') or 0))
    start_response('200 OK', [('Content-Type', 'application/octet-stream'), ('Content-Length', str(len(body)))])
    return [body]
