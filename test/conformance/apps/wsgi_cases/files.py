"""wsgi.file_wrapper (PEP 3333, "Optional Platform-Specific File Handling")."""
import io
import tempfile

from .common import plain, registry, sized
from .records import record

APPS, app = registry()
CONTENT = b'0123456789' * 20_000


class Watched:
    """A file-like object without a descriptor, whose close() is recorded."""

    def __init__(self, environ, file):
        self.environ = environ
        self.file = file

    def read(self, size=-1):
        return self.file.read(size)

    def close(self):
        record(self.environ, 'close')
        self.file.close()


class WithDescriptor(Watched):
    """It has what a file has that sendfile(2) needs."""

    def fileno(self):
        return self.file.fileno()

    def tell(self):
        return self.file.tell()

    def seek(self, *arguments):
        return self.file.seek(*arguments)


def stored(at=0):
    file = tempfile.TemporaryFile()
    file.write(CONTENT)
    file.seek(at)
    return file


def gives(name, make, *block_size, length=None):
    """An application that returns a wrapper of the file that `make` makes, or its blocks where the server has no wrapper."""

    def application(environ, start_response):
        plain(start_response) if length is None else sized(start_response, length)
        file = make(environ)
        if length is not None and 'wsgi.file_wrapper' not in environ:
            record(environ, 'no wrapper')
            return [file.read(length)]
        return wrapped(environ, file, *block_size)

    APPS[name] = application


def wrapped(environ, file, *block_size):
    if 'wsgi.file_wrapper' not in environ:
        record(environ, 'no wrapper')
        return iter(lambda: file.read(65536), b'')
    return environ['wsgi.file_wrapper'](file, *block_size)


class Blocks:
    """All that a file needs is read(size)."""

    def __init__(self):
        self.blocks = [b'two ', b'blocks']

    def read(self, size=-1):
        return self.blocks.pop(0) if self.blocks else b''


gives('file', lambda environ: stored())
gives('file-block-size', lambda environ: stored(), 1000)
gives('file-offset', lambda environ: stored(100_003))
gives('file-at-end', lambda environ: stored(len(CONTENT)))
gives('file-length', lambda environ: stored(3), length=100_005)
gives('file-length-whole', lambda environ: stored(), length=len(CONTENT))
gives('file-short', lambda environ: stored(), length=len(CONTENT) + 5)
gives('file-bytes-io', lambda environ: io.BytesIO(CONTENT))
gives('file-bytes-io-offset', lambda environ: seeked(io.BytesIO(CONTENT), 100_003))
gives('file-bytes-io-length', lambda environ: io.BytesIO(CONTENT), length=100_005)
gives('file-watched', lambda environ: Watched(environ, stored(7)))
gives('file-watched-length', lambda environ: Watched(environ, stored(7)), length=10)
gives('file-watched-descriptor', lambda environ: WithDescriptor(environ, stored(7)))
gives('file-read-only', lambda environ: Blocks(), 10)
gives('file-empty', lambda environ: io.BytesIO(b''))


def seeked(file, at):
    file.seek(at)
    return file


@app
def file_buffered(environ, start_response):
    """Some has been read through the file's own buffer: the descriptor stands further than the file."""
    file = stored()
    file.read(7)
    plain(start_response)
    return wrapped(environ, file)


@app
def file_after_write(environ, start_response):
    plain(start_response)(b'written,')
    return wrapped(environ, io.BytesIO(b'and a file'))


@app
def file_iterated(environ, start_response):
    """Middleware may iterate over the wrapper, and closes it."""
    wrapper = wrapped(environ, Watched(environ, stored(199_990)), 4)
    blocks = list(wrapper)
    if hasattr(wrapper, 'close'):
        wrapper.close()
    plain(start_response)
    return [b''.join(blocks)]


@app
def file_unused(environ, start_response):
    """A wrapper that is not returned transmits nothing."""
    wrapped(environ, io.BytesIO(b'not to be sent'))
    plain(start_response)
    return [b'another body']


@app
def file_inside(environ, start_response):
    """The wrapper is a part of another iterable."""
    wrapper = wrapped(environ, Watched(environ, stored(199_990)))

    class Outer:
        def __iter__(self):
            yield b'begin,'
            yield from wrapper

        def close(self):
            if hasattr(wrapper, 'close'):
                wrapper.close()

    plain(start_response)
    return Outer()


@app
def file_has_close(environ, start_response):
    plain(start_response)
    if 'wsgi.file_wrapper' not in environ:
        record(environ, 'no wrapper')
        return [b'no wrapper']
    wrapper = environ['wsgi.file_wrapper'](Watched(environ, stored()))
    has = callable(getattr(wrapper, 'close', None))
    wrapper.close()
    return [b'close' if has else b'no close']
