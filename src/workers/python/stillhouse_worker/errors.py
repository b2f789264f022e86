"""The mistakes an application can make, each with a code, what happened, and the cure."""
from __future__ import annotations

from typing import Any


class AppError(Exception):
    """The application broke PEP 3333: the request gets 500, or its connection is cut.

    `message` begins with a verb: its subject is the application, which the record names.
    """

    def __init__(self, code: str, message: str, cure: str, traceback: str = '') -> None:
        super().__init__(f'{message}; cure: {cure}')
        self.code = code
        self.traceback = traceback


class LoadError(Exception):
    """The application cannot be served at all: what FAILED tells the front. `code` is one of the protocol's table."""

    def __init__(self, code: str, message: str, cure: str, traceback: str = '') -> None:
        super().__init__(message)
        self.fields = {'code': code, 'message': message, 'cure': cure, 'traceback': traceback}


class ClientGone(ConnectionAbortedError):
    """Nobody waits for this response any more. Raised by write() too, so that an application stops its work."""


class InputError(Exception):
    """The request's body is not what the front said it is."""


class RequestTimeout(BaseException):
    """The request took longer than its application's timeout: raised in the application's code, to end it.

    Not an Exception, so that what handles an application's own errors does not hold it.
    """

    def __init__(self, message: str = 'the request took longer than the timeout of its application') -> None:
        super().__init__(message)


def describe(error: BaseException) -> str:
    """`ValueError: text`, or `ValueError` alone."""
    try:
        text = str(error)
    except Exception:
        text = ''
    return f'{type(error).__name__}: {text}' if text else type(error).__name__


def show(value: Any, limit: int = 60) -> str:
    """`str 'Hello'`, `int 5`, `None`: a value as a message shows it, its repr cut to `limit` characters."""
    if value is None:
        return 'None'
    try:
        text = repr(value[:limit] if isinstance(value, (str, bytes, bytearray)) else value)
    except Exception:
        return type(value).__name__
    return f'{type(value).__name__} {text[:limit] + "…" if len(text) > limit else text}'


def chunk_not_bytes(chunk: Any, verb: str, where: str = '', from_file: bool = False) -> AppError:
    """`verb`: 'yielded' or 'wrote'. `where`: the line that yielded it, as a traceback shows it."""
    if from_file:
        cure = "open the file as binary: open(path, 'rb')"
    elif isinstance(chunk, str):
        cure = f"write {chunk!r}.encode('utf-8')" if len(chunk) <= 60 else "encode it with .encode('utf-8')"
    elif isinstance(chunk, (bytearray, memoryview)):
        cure = 'write bytes(chunk)'
    elif isinstance(chunk, int):
        cure = 'iterating over bytes gives ints: yield the bytes whole'
    else:
        cure = 'give bytes'
    note = 'but a WSGI body is bytes (PEP 3333, "A Note on String Types")'
    return AppError('APP_CHUNK_INVALID', f'{verb} {show(chunk)}, {note}', cure, where)


def body_not_iterable(body: Any) -> AppError:
    """For what no application may return: a bare string, None, a coroutine."""
    kind = type(body).__name__
    rule = 'but a WSGI application returns an iterable of bytes (PEP 3333)'
    code, cure = 'APP_BODY_IS_CHUNK', 'return [body]'
    if isinstance(body, str):
        rule += ', and iterating over a str gives one character at a time'
        cure = "return [body.encode('utf-8')]"
    elif isinstance(body, (bytes, bytearray, memoryview)):
        rule += f', and iterating over {kind} gives one number at a time'
        cure = 'return [body]' if isinstance(body, bytes) else 'return [bytes(body)]'
    elif hasattr(body, '__await__') or hasattr(body, '__aiter__'):
        code = 'APP_BODY_NOT_ITERABLE'
        rule = 'but a WSGI application is not async (PEP 3333)'
        cure = 'write it with `def`, or put an adapter from ASGI to WSGI around it'
    else:
        code = 'APP_BODY_NOT_ITERABLE'
    return AppError(code, f'returned {show(body)}, {rule}', cure)


def start_response_missing() -> AppError:
    message = 'sent a body without calling start_response (PEP 3333, "The start_response() Callable")'
    cure = 'call start_response(status, headers) before the first bytes'
    return AppError('APP_NO_START_RESPONSE', message, cure)


def start_response_twice() -> AppError:
    message = 'called start_response a second time without exc_info (PEP 3333, "The start_response() Callable")'
    cure = 'call it once, or pass exc_info=sys.exc_info() in the handler of an error'
    return AppError('APP_START_RESPONSE_TWICE', message, cure)


def write_after_end() -> AppError:
    message = 'called write() after its response had ended (PEP 3333, "The write() Callable")'
    return AppError('APP_WRITE_AFTER_END', message, 'write before the iterable is exhausted and close() has returned')


def body_too_long(length: int) -> AppError:
    message = f'sent more than its Content-Length of {length} bytes: the rest was cut off'
    return AppError('APP_BODY_TOO_LONG', message, _LENGTH_CURE)


def body_too_short(length: int, sent: int) -> AppError:
    message = f'sent {sent} bytes where its Content-Length says {length}: the connection is closed'
    return AppError('APP_BODY_TOO_SHORT', message, _LENGTH_CURE)


_LENGTH_CURE = 'set Content-Length to the number of bytes of the body, or leave it out'
