"""What an application returned, sent as the body of its response (PEP 3333, "Handling the Content-Length Header")."""
from __future__ import annotations

from typing import Any, Iterable, Iterator

from .errors import ClientGone, body_not_iterable, chunk_not_bytes
from .file_wrapper import FileWrapper
from .frames import MAX_DATA
from .interruption import calls_application
from .response import Response
from .tracebacks import format_yield


def deliver_list(chunks: list[bytes] | tuple[bytes, ...], response: Response) -> None:
    """A list or tuple is complete, and runs nothing of the application: one frame where it fits."""
    if len(chunks) == 1 and type(chunks[0]) is bytes and response.send_whole(chunks[0]):
        return
    total = 0
    for chunk in chunks:
        if type(chunk) is not bytes and not isinstance(chunk, bytes):
            raise chunk_not_bytes(chunk, 'yielded')
        total += len(chunk)
    if total <= response.granted and response.send_whole(b''.join(chunks)):
        return
    if total:
        response.set_length(total)
    _send_each(iter(chunks), chunks, response)
    response.end(free=True)


def deliver(body: Any, response: Response, free: bool) -> None:
    """Any other body. `free`: it has no close() that still has to run.

    Raises AppError for what PEP 3333 forbids, ClientGone, and whatever the application raises.
    """
    if type(body) is FileWrapper:
        length = response.head.length
        left = None if length is None or response.drops_body else length - response.sent
        iterator = body.blocks(MAX_DATA, left)
    else:
        iterator = _iterate(body)
    _send_each(iterator, body, response)
    response.end(free)


@calls_application
def _iterate(body: Any) -> Iterator[bytes]:
    if isinstance(body, (str, bytes, bytearray, memoryview)):
        raise body_not_iterable(body)
    try:
        return iter(body)
    except TypeError:
        if hasattr(body, '__iter__') or hasattr(body, '__getitem__'):
            raise
        raise body_not_iterable(body) from None


@calls_application
def _send_each(iterator: Iterable[bytes], body: Any, response: Response) -> None:
    for chunk in iterator:
        if type(chunk) is not bytes and not isinstance(chunk, bytes):
            raise chunk_not_bytes(chunk, 'yielded', format_yield(body), type(body) is FileWrapper)
        if response.interruption is not None:
            response.interruption.settle()
        if response.cancelled:
            raise ClientGone('the client has gone')
        if not chunk:
            continue
        # What reaches Content-Length ends the response; the iterable is asked once more, so that a generator finishes.
        if not response.send(chunk):
            break
    if response.interruption is not None:
        response.interruption.settle()
