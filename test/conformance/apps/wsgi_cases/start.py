"""start_response: when it is called, how often, and with exc_info (PEP 3333, "The start_response() Callable")."""
import sys
import weakref

from .common import TEXT, Body, Broken, fail, plain, registry, sized, wait_at_gate
from .records import record

APPS, app = registry()


@app
def start_in_call(environ, start_response):
    start_response('299 Quite Fine', [TEXT, ('X-First', '1'), ('X-Second', '2')])
    return [b'hello']


@app
def start_in_next(environ, start_response):
    plain(start_response, '201 Created')
    yield b'late'


@app
def start_after_empty(environ, start_response):
    yield b''
    plain(start_response, '201 Created')
    yield b'late'


@app
class start_in_iter:  # noqa: N801
    """The PEP's own example: the application is a class, and its instance the iterable."""

    def __init__(self, environ, start_response):
        self.start_response = start_response

    def __iter__(self):
        plain(self.start_response, '201 Created')
        yield b'late'


@app
def start_never(environ, start_response):
    return [b'a body without a head']


@app
def start_never_generator(environ, start_response):
    yield b'a body without a head'


@app
def start_never_empty(environ, start_response):
    return []


@app
def start_none(environ, start_response):
    start_response('200 OK', [TEXT], None)
    return [b'hello']


@app
def start_returns_write(environ, start_response):
    record(environ, 'callable' if callable(plain(start_response)) else 'not callable')
    return [b'hello']


def replaced(environ, start_response):
    fail(start_response, '503 Replaced')
    return b'replaced'


@app
def start_then_wait(environ, start_response):
    plain(start_response)
    wait_at_gate(environ)
    return [replaced(environ, start_response)]


@app
def empty_then_wait(environ, start_response):
    plain(start_response)
    yield b''
    wait_at_gate(environ)
    yield replaced(environ, start_response)


@app
def empty_length_then_wait(environ, start_response):
    sized(start_response, 0)
    wait_at_gate(environ)
    return Late(environ, start_response)


class Late:
    def __init__(self, environ, start_response):
        self.call = (environ, start_response)

    def __iter__(self):
        try:
            fail(self.call[1], '503 Replaced')
        except Exception:
            record(self.call[0], 'raised')
            raise
        yield b'replaced'


@app
def only_empty(environ, start_response):
    plain(start_response)
    return [b'', b'']


@app
def chunk_then_wait(environ, start_response):
    plain(start_response)
    yield b'first,'
    wait_at_gate(environ)
    yield b'second'


def again(environ, start_response, *rest):
    """Calls start_response a second time, where that is an error; what it raises is recorded, and raised."""
    try:
        start_response('202 Second', [TEXT, ('X-Second', 'yes')], *rest)
    except BaseException:
        record(environ, 'raised')
        raise
    record(environ, 'returned')


@app
def start_twice(environ, start_response):
    plain(start_response)
    again(environ, start_response)
    return [b'after two heads']


@app
def start_twice_none(environ, start_response):
    plain(start_response)
    again(environ, start_response, None)
    return [b'after two heads']


@app
def start_twice_caught(environ, start_response):
    plain(start_response)
    try:
        again(environ, start_response)
    except Exception:
        pass
    return [b'went on']


@app
def start_twice_later(environ, start_response):
    plain(start_response)
    yield b'first,'
    again(environ, start_response)
    yield b'second'


def first_raised(environ, start_response):
    try:
        start_response('200 OK', [('X-Bad', 'a\r\nb')])
    except Exception:
        pass


@app
def start_after_raise(environ, start_response):
    first_raised(environ, start_response)
    again(environ, start_response)
    return [b'after two heads']


@app
def exc_after_raise(environ, start_response):
    first_raised(environ, start_response)
    fail(start_response)
    return [b'sorry']


@app
def exc_before_body(environ, start_response):
    start_response('200 OK', [TEXT, ('X-First', 'yes'), ('Content-Encoding', 'x')])
    fail(start_response)
    return [b'sorry']


@app
def exc_first(environ, start_response):
    fail(start_response, '503 First')
    return [b'first']


@app
def exc_twice(environ, start_response):
    plain(start_response)
    fail(start_response, '501 Replaced')
    fail(start_response, '503 Replaced')
    return [b'sorry']


@app
def exc_in_next(environ, start_response):
    plain(start_response)
    yield b''
    fail(start_response)
    yield b'sorry'


@app
def exc_first_in_next(environ, start_response):
    yield b''
    fail(start_response)
    yield b'sorry'


@app
def exc_with_length(environ, start_response):
    sized(start_response, 1000)
    fail(start_response, '500 Replaced', ('Content-Length', '5'))
    return [b'sorry']


@app
def exc_after_empty_write(environ, start_response):
    plain(start_response)(b'')
    try:
        fail(start_response)
    except Exception:  # that it is the same one is but advice
        record(environ, 'raised')
        raise
    return [b'sorry']


def too_late(environ, start_response):
    """start_response with exc_info after the head was sent: records what comes of it."""
    try:
        raise Broken('trapped by the application')
    except Broken as trapped:
        try:
            start_response('500 Too Late', [TEXT], sys.exc_info())
        except BaseException as error:
            record(environ, 'raised')
            record(environ, 'the same' if error is trapped else 'another')
            raise
    record(environ, 'returned')


@app
def exc_after_chunk(environ, start_response):
    def chunks():
        yield b'first,'
        too_late(environ, start_response)
        yield b'second'

    plain(start_response)
    return Body(environ, chunks())


@app
def exc_after_sized_chunk(environ, start_response):
    sized(start_response, 100)
    yield b'first,'
    too_late(environ, start_response)
    yield b'second'


@app
def exc_after_write(environ, start_response):
    plain(start_response)(b'first,')
    too_late(environ, start_response)
    return [b'second']


@app
def exc_released(environ, start_response):
    """Says whether the exception is gone once start_response has returned and nobody else holds it."""
    try:
        raise Broken('trapped by the application')
    except Broken as error:
        reference = weakref.ref(error)
        start_response('200 Replaced', [TEXT], sys.exc_info())
    return [b'released' if reference() is None else b'held']
