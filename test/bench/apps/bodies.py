"""POST reads the body to its end and answers its length; GET /?size=N streams N bytes in chunks of 64 KB."""
from urllib.parse import parse_qs

CHUNK = b'x' * 65536


def application(environ, start_response):
    if environ['REQUEST_METHOD'] == 'POST':
        return answer_length(environ['wsgi.input'], start_response)
    size = int(parse_qs(environ['QUERY_STRING']).get('size', ['5'])[0])
    start_response('200 OK', [('Content-Type', 'application/octet-stream'), ('Content-Length', str(size))])
    return chunks(size)


def answer_length(body, start_response):
    length = 0
    while chunk := body.read(len(CHUNK)):
        length += len(chunk)
    answer = str(length).encode()
    start_response('200 OK', [('Content-Type', 'text/plain'), ('Content-Length', str(len(answer)))])
    return [answer]


def chunks(size):
    for _ in range(size // len(CHUNK)):
        yield CHUNK
    if size % len(CHUNK):
        yield CHUNK[: size % len(CHUNK)]
