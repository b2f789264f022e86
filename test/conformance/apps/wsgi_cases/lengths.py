"""Content-Length, and responses that have no body (PEP 3333, "Handling the Content-Length Header"; RFC 9110, 6.4.1)."""
from .common import TEXT, Body, plain, registry, sized
from .records import record

APPS, app = registry()


def gives(name, status, headers, make):
    """An application with this head, whose body `make` makes."""

    def application(environ, start_response):
        start_response(status, [TEXT, *headers])
        return make()

    APPS[name] = application


def length(size):
    return [('Content-Length', str(size))]


gives('length-list', '200 OK', length(5), lambda: [b'hello'])
gives('length-list-of-many', '200 OK', length(5), lambda: [b'he', b'', b'llo'])
gives('length-generator', '200 OK', length(5), lambda: (c for c in (b'he', b'llo')))
gives('length-in-capitals', '200 OK', [('CONTENT-LENGTH', '5')], lambda: (c for c in (b'he', b'llo')))
gives('length-zero', '200 OK', length(0), lambda: [])
gives('length-zero-generator', '200 OK', length(0), lambda: (c for c in (b'',)))
gives('long-list', '200 OK', length(5), lambda: [b'hel', b'lo and', b' more'])
gives('long-chunk', '200 OK', length(5), lambda: [b'hello and more'])
gives('long-zero', '200 OK', length(0), lambda: [b'hello'])
gives('short-list', '200 OK', length(50), lambda: [b'hello'])
gives('short-generator', '200 OK', length(50), lambda: (c for c in (b'he', b'llo')))
gives('short-empty', '200 OK', length(50), lambda: [])

gives('no-content', '204 No Content', [], lambda: [])
gives('no-content-length', '204 No Content', length(0), lambda: [])
gives('no-content-body', '204 No Content', [], lambda: [b'hello'])
gives('no-content-sized-body', '204 No Content', length(5), lambda: [b'hello'])
gives('no-content-generator', '204 No Content', [], lambda: (c for c in (b'he', b'llo')))
gives('not-modified', '304 Not Modified', [('ETag', '"x"')], lambda: [])
gives('not-modified-length', '304 Not Modified', length(42), lambda: [])
gives('not-modified-body', '304 Not Modified', [], lambda: [b'hello'])
gives('not-modified-sized-body', '304 Not Modified', length(5), lambda: [b'hello'])
gives('reset-content', '205 Reset Content', length(0), lambda: [])
for code in ('100', '101', '103'):
    gives('interim-' + code, code + ' Interim', [], lambda: [])


@app
def short_write(environ, start_response):
    sized(start_response, 50)(b'hello')
    return []


@app
def long_generator(environ, start_response):
    def chunks():
        for number, chunk in enumerate((b'he', b'llo and', b' more', b' and more')):
            record(environ, f'step {number}')
            yield chunk

    sized(start_response, 5)
    return Body(environ, chunks())


@app
def head_aware(environ, start_response):
    """Gives nothing to a HEAD, as frameworks do."""
    plain(start_response)
    return [] if environ['REQUEST_METHOD'] == 'HEAD' else [b'hello']


@app
def head_sized(environ, start_response):
    sized(start_response, 5)
    return [] if environ['REQUEST_METHOD'] == 'HEAD' else [b'hello']


@app
def head_written(environ, start_response):
    sized(start_response, 5)(b'hello')
    return []


@app
def head_method(environ, start_response):
    record(environ, environ['REQUEST_METHOD'])
    sized(start_response, 5)
    return Body(environ, (b'hello',))
