"""close() of what an application returns (PEP 3333, "Specification Details")."""
from .common import TEXT, Body, Broken, plain, registry, sized, wait_at_gate
from .records import record

APPS, app = registry()
BLOCK = b'x' * 65536


def endless():
    while True:
        yield BLOCK


def closes(name, status='200 OK', headers=(), chunks=lambda: (b'one,', b'two')):
    def application(environ, start_response):
        start_response(status, [TEXT, *headers])
        return Body(environ, chunks())

    APPS[name] = application


def raising(*chunks):
    yield from chunks
    raise Broken('in the iterable')


closes('close')
closes('close-sized', headers=[('Content-Length', '7')], chunks=lambda: (b'one', b',two'))
closes('close-empty', chunks=lambda: ())
closes('close-no-content', '204 No Content', chunks=lambda: ())
closes('close-not-modified', '304 Not Modified', chunks=lambda: ())
closes('close-raising', chunks=lambda: raising(b'first,'))
closes('close-raising-at-once', chunks=raising)
closes('close-wrong-chunk', chunks=lambda: (7,))
closes('close-late-wrong-chunk', chunks=lambda: (b'first,', 7))
closes('close-too-long', headers=[('Content-Length', '5')], chunks=lambda: (b'hello', b' and', b' more'))
closes('close-too-short', headers=[('Content-Length', '50')], chunks=lambda: (b'hello',))
closes('close-endless', chunks=endless)


@app
def close_without_head(environ, start_response):
    return Body(environ, (b'a body without a head',))


@app
def close_of_returned(environ, start_response):
    """The object that was returned is to be closed, not what it iterates over."""

    class Returned:
        def __iter__(self):
            return Inner(environ, (b'one,', b'two'))

        def close(self):
            record(environ, 'close')

    plain(start_response)
    return Returned()


class Inner(Body):
    def close(self):
        record(self.environ, 'close of the iterator')


@app
def close_of_list(environ, start_response):
    class Chunks(list):
        def close(self):
            record(environ, 'close')

    plain(start_response)
    return Chunks([b'hello'])


@app
def close_of_generator(environ, start_response):
    """A generator has a close() of its own, which ends what is left of it."""

    def chunks():
        try:
            yield from endless()
        finally:
            record(environ, 'close')

    plain(start_response)
    return chunks()


@app
def close_order(environ, start_response):
    def chunks():
        for number in range(2):
            record(environ, f'step {number}')
            yield b'%d,' % number
        record(environ, 'exhausted')

    plain(start_response)
    return Body(environ, chunks())


@app
def close_after_write(environ, start_response):
    sized(start_response, 7)(b'written')
    return Body(environ, ())


class FailingClose(Body):
    def close(self):
        super().close()
        raise Broken('in close()')


@app
def close_fails(environ, start_response):
    sized(start_response, 5)
    return FailingClose(environ, (b'hello',))


@app
def close_fails_unsized(environ, start_response):
    plain(start_response)
    return FailingClose(environ, (b'hel', b'lo'))


@app
def close_fails_too(environ, start_response):
    plain(start_response)
    return FailingClose(environ, raising(b'first,'))


class WaitingClose(Body):
    def close(self):
        wait_at_gate(self.environ)
        super().close()


@app
def close_waits(environ, start_response):
    sized(start_response, 5)
    return WaitingClose(environ, (b'hello',))


@app
def close_waits_unsized(environ, start_response):
    plain(start_response)
    return WaitingClose(environ, (b'hel', b'lo'))


@app
def close_none(environ, start_response):
    """An iterable without close() is as good as one with it."""
    plain(start_response)
    return iter((b'one,', b'two'))
