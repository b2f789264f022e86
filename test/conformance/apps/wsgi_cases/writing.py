"""write() (PEP 3333, "The write() Callable")."""
from .common import Body, Broken, plain, registry, sized, wait_at_gate
from .records import record

APPS, app = registry()


@app
def write_only(environ, start_response):
    plain(start_response)(b'written')
    return []


@app
def write_then_list(environ, start_response):
    write = plain(start_response)
    write(b'one,')
    write(b'two,')
    return [b'three,', b'four']


@app
def write_then_one(environ, start_response):
    plain(start_response)(b'one,')
    return [b'two']


@app
def write_then_generator(environ, start_response):
    plain(start_response)(b'one,')
    return Body(environ, (chunk for chunk in (b'two,', b'three')))


@app
def write_then_wait(environ, start_response):
    write = plain(start_response)
    write(b'first,')
    wait_at_gate(environ)
    write(b'second')
    return []


@app
def write_empty(environ, start_response):
    write = plain(start_response)
    for chunk in (b'', b'one,', b'', b'two'):
        write(chunk)
    return []


@app
def write_sized(environ, start_response):
    write = sized(start_response, 8)
    write(b'one,')
    write(b'two,')
    return []


@app
def write_large(environ, start_response):
    write = plain(start_response)
    for letter in (b'a', b'b', b'c'):
        write(letter * 400_000)
    return []


@app
def write_bytes_of_all_values(environ, start_response):
    plain(start_response)(bytes(range(256)))
    return []


@app
def write_too_long(environ, start_response):
    write = sized(start_response, 5)
    try:
        write(b'hello')
        write(b' and more')
        record(environ, 'returned')
    except Exception:
        record(environ, 'raised')
        raise
    return []


@app
def write_then_raise(environ, start_response):
    plain(start_response)(b'first,')
    raise Broken('after write()')


@app
def write_sized_then_raise(environ, start_response):
    sized(start_response, 100)(b'first,')
    raise Broken('after write()')


@app
def write_wrong(environ, start_response):
    try:
        plain(start_response)(7)
    except Exception:
        record(environ, 'raised')
        raise
    return []


@app
def write_text(environ, start_response):
    try:
        plain(start_response)('text')
    except Exception:
        record(environ, 'raised')
        raise
    return []
