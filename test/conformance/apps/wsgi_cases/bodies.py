"""What an application may return, and where it may raise (PEP 3333, "Specification Details")."""
from .common import Body, Broken, plain, registry, sized, wait_at_gate
from .records import record

APPS, app = registry()


def returns(name, make):
    """An application that returns what `make` makes."""

    def application(environ, start_response):
        plain(start_response)
        return make()

    APPS[name] = application


class Bytes(bytes):
    """A subclass is bytes too."""


class Sequence:
    """Iterable by `__getitem__` alone (PEP 234)."""

    chunks = (b'one,', b'two')

    def __getitem__(self, index):
        return self.chunks[index]


class Iterable:
    """Its iterator is another object."""

    def __iter__(self):
        return iter((b'one,', b'two'))


class Iterator:
    """Its own iterator."""

    def __init__(self, *chunks):
        self.chunks = list(chunks)

    def __iter__(self):
        return self

    def __next__(self):
        if not self.chunks:
            raise StopIteration
        return self.chunks.pop(0)


class Sized(Iterator):
    """Its length is that of the whole, however far it was iterated."""

    def __init__(self, *chunks):
        super().__init__(*chunks)
        self.length = len(chunks)

    def __len__(self):
        return self.length


class Chunks(list):
    """A list that is not quite one."""


returns('body-list', lambda: [b'hello'])
returns('body-list-of-many', lambda: [b'one,', b'two,', b'three'])
returns('body-tuple', lambda: (b'one,', b'two'))
returns('body-list-subclass', lambda: Chunks([b'one,', b'two']))
returns('body-generator', lambda: (chunk for chunk in (b'one,', b'two')))
returns('body-map', lambda: map(str.encode, ['one,', 'two']))
returns('body-iterator', lambda: Iterator(b'one,', b'two'))
returns('body-iterable', Iterable)
returns('body-sequence', Sequence)
returns('body-sized-one', lambda: Sized(b'hello'))
returns('body-sized-many', lambda: Sized(b'one,', b'two'))
returns('body-bytes-subclass', lambda: [Bytes(b'one,'), Bytes(b'two')])
returns('body-empty-list', lambda: [])
returns('body-empty-tuple', lambda: ())
returns('body-empty-generator', lambda: iter(()))
returns('body-empty-chunks', lambda: [b'', b'one,', b'', b'', b'two', b''])
returns('body-empty-first-of-two', lambda: [b'', b'whole'])
returns('body-empty-chunk', lambda: [b''])
returns('body-bytes-of-all-values', lambda: [bytes(range(256)), b'\r\n\n\r\0'])
returns('body-large', lambda: [letter * 500_000 for letter in (b'a', b'b', b'c')])
returns('body-large-generator', lambda: (letter * 500_000 for letter in (b'a', b'b', b'c')))
returns('body-many', lambda: (b'%04d,' % number for number in range(2000)))
returns('body-looks-like-chunks', lambda: (chunk for chunk in (b'5\r\nhello\r\n', b'0\r\n\r\n')))
returns('body-none', lambda: None)
returns('body-number', lambda: 7)
returns('body-text-chunk', lambda: ['text'])
returns('body-number-chunk', lambda: [7])
returns('body-late-number-chunk', lambda: (chunk for chunk in (b'first,', 7)))


class Watched:
    """Records which of its attributes is asked for beyond those of an iterable."""

    def __init__(self, environ):
        self.environ = environ

    def __iter__(self):
        return iter((b'one,', b'two'))

    def __getattr__(self, name):
        if name not in ('close', '__len__', '__next__', '__getitem__', '__length_hint__'):
            record(self.environ, name)
        raise AttributeError(name)


@app
def body_watched(environ, start_response):
    plain(start_response)
    return Watched(environ)


@app
def step_by_step(environ, start_response):
    """Each chunk is asked for after the one before it was handed over."""

    def chunks():
        for number in range(3):
            record(environ, f'step {number}')
            yield b'%d,' % number

    plain(start_response)
    return Body(environ, chunks())


def raising(environ, *chunks):
    yield from chunks
    record(environ, 'raises')
    raise Broken('in the iterable')


@app
def raise_in_call(environ, start_response):
    raise Broken('before start_response')


@app
def raise_after_start(environ, start_response):
    plain(start_response)
    raise Broken('after start_response')


@app
def raise_in_iter(environ, start_response):
    class Refuses:
        def __iter__(self):
            raise Broken('in __iter__')

        def close(self):
            record(environ, 'close')

    plain(start_response)
    return Refuses()


@app
def raise_first(environ, start_response):
    plain(start_response)
    return Body(environ, raising(environ))


@app
def raise_after_empty(environ, start_response):
    plain(start_response)
    return Body(environ, raising(environ, b'', b''))


@app
def raise_later(environ, start_response):
    start_response('200 OK', [('Content-Type', 'application/octet-stream')])
    return Body(environ, raising(environ, b'first,'))


@app
def raise_sized(environ, start_response):
    sized(start_response, 100)
    return Body(environ, raising(environ, b'first,'))


@app
def raise_at_length(environ, start_response):
    sized(start_response, 6)
    return Body(environ, raising(environ, b'first,'))


@app
def exit_in_call(environ, start_response):
    raise SystemExit(3)


@app
def exit_later(environ, start_response):
    plain(start_response)
    yield b'first,'
    raise SystemExit(3)


@app
def two_waits(environ, start_response):
    plain(start_response)
    for chunk in (b'one,', b'two,', b'three'):
        yield chunk
        wait_at_gate(environ)
