"""Statuses and headers, right and wrong (PEP 3333, "The start_response() Callable" and "Unicode Issues")."""
from .common import TEXT, registry
from .records import record

APPS, app = registry()

WRONG = {
    'value-cr': ('200 OK', [('X-Bad', 'a\rX-Injected: b')]),
    'value-lf': ('200 OK', [('X-Bad', 'a\nX-Injected: b')]),
    'value-crlf': ('200 OK', [('X-Bad', 'a\r\nX-Injected: b')]),
    'value-crlf-at-end': ('200 OK', [('X-Bad', 'a\r\n')]),
    'value-folded': ('200 OK', [('X-Bad', 'a\r\n X-Injected: b')]),
    'value-body': ('200 OK', [('X-Bad', 'a\r\n\r\nX-Injected: b')]),
    'value-nul': ('200 OK', [('X-Bad', 'a\0b')]),
    'value-control': ('200 OK', [('X-Bad', 'a\x01b\x7f')]),
    'value-not-latin-1': ('200 OK', [('X-Bad', '5 \u20ac')]),
    'value-number': ('200 OK', [('X-Bad', 5)]),
    'value-bytes': ('200 OK', [('X-Bad', b'bytes')]),
    'value-none': ('200 OK', [('X-Bad', None)]),
    'name-crlf': ('200 OK', [('X-Bad\r\nX-Injected', 'a')]),
    'name-space': ('200 OK', [('X Bad', 'a')]),
    'name-colon': ('200 OK', [('X-Bad:', 'a')]),
    'name-empty': ('200 OK', [('', 'a')]),
    'name-not-latin-1': ('200 OK', [('X-\u20ac', 'a')]),
    'name-not-ascii': ('200 OK', [('X-B\xe4d', 'a')]),
    'name-bytes': ('200 OK', [(b'X-Bad', 'a')]),
    'headers-mapping': ('200 OK', {'X-Bad': 'a'}),
    'headers-none': ('200 OK', None),
    'header-alone': ('200 OK', ['X-Bad: a']),
    'header-of-three': ('200 OK', [('X-Bad', 'a', 'b')]),
    'length-word': ('200 OK', [('Content-Length', 'five')]),
    'length-negative': ('200 OK', [('Content-Length', '-5')]),
    'length-different': ('200 OK', [('Content-Length', '5'), ('Content-Length', '6')]),
    'status-number': (200, [TEXT]),
    'status-bytes': (b'200 OK', [TEXT]),
    'status-without-reason': ('200', [TEXT]),
    'status-without-code': ('OK', [TEXT]),
    'status-long-code': ('2000 OK', [TEXT]),
    'status-crlf': ('200 OK\r\nX-Injected: b', [TEXT]),
    'status-crlf-at-end': ('200 OK\r\n', [TEXT]),
    'status-not-latin-1': ('200 \u20ac', [TEXT]),
    'Connection': ('200 OK', [('Connection', 'close'), ('Content-Length', '5')]),
    'Keep-Alive': ('200 OK', [('Keep-Alive', 'timeout=1000'), ('Content-Length', '5')]),
    'Proxy-Authenticate': ('200 OK', [('Proxy-Authenticate', 'Basic'), ('Content-Length', '5')]),
    'Proxy-Authorization': ('200 OK', [('Proxy-Authorization', 'Basic eDp5'), ('Content-Length', '5')]),
    'TE': ('200 OK', [('TE', 'trailers'), ('Content-Length', '5')]),
    'Trailer': ('200 OK', [('Trailer', 'X-Trailer'), ('Content-Length', '5')]),
    'Transfer-Encoding': ('200 OK', [('Transfer-Encoding', 'chunked')]),
    'Upgrade': ('200 OK', [('Upgrade', 'x'), ('Content-Length', '5')]),
}


@app
def wrong_head(environ, start_response):
    """A head that is forbidden; whether start_response raises is recorded."""
    try:
        start_response(*WRONG[environ['QUERY_STRING']])
    except Exception:
        record(environ, 'raised')
        raise
    record(environ, 'returned')
    return [b'hello']


@app
def odd_head(environ, start_response):
    headers = [
        ('Set-Cookie', 'b=2'),
        ('X-Latin', 'caf\xe9 \xff'),
        ('Set-Cookie', 'a=1'),
        ("!#$%&'*+-.^_`|~09Az", 'token'),
        ('X-Empty', ''),
        ('X-Long', 'x' * 4000),
        ('Set-Cookie', 'b=3'),
        ('x-MIXED-case', 'Mixed Case'),
        ('X-Spaces', 'a  b'),
        ('X-Punctuation', '()<>@,;:\\"/[]?={}'),
    ]
    start_response("418 I'm a t\xe9apot, yes", [TEXT, *headers])
    return [b'odd']


@app
def empty_reason(environ, start_response):
    start_response('200 ', [TEXT])
    return [b'hello']


@app
def no_headers(environ, start_response):
    start_response('200 OK', [])
    return [b'hello']


@app
def own_date(environ, start_response):
    start_response('200 OK', [TEXT, ('date', 'Thu, 01 Jan 1970 00:00:00 GMT'), ('SERVER', 'the application')])
    return [b'hello']


@app
def status(environ, start_response):
    start_response(environ['QUERY_STRING'].replace('+', ' '), [TEXT, ('Content-Length', '5')])
    return [b'hello']


@app
def many_headers(environ, start_response):
    start_response('200 OK', [TEXT, *((f'X-Number-{number}', str(number)) for number in range(60))])
    return [b'hello']
