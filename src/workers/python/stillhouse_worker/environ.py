"""The environ of a request (PEP 3333, "environ Variables"), made of its REQUEST frame."""
from __future__ import annotations

import os
from typing import Any, BinaryIO, Callable

from .errors import InputError
from .file_wrapper import FileWrapper
from .frames import PATH, STREAM, Frame, ProtocolError, decode_pairs
from .streaming_inbox import StreamingInbox

_ID = b'\0HTTP_X_REQUEST_ID\0'
_MAX_KNOWN = 512  # heads
_MAX_KNOWN_SIZE = 768  # bytes of a head: that of a browser is longer, and seldom the same


def constants(multithread: bool, multiprocess: bool) -> dict[str, Any]:
    """What is the same for each request of a worker."""
    return {
        'wsgi.version': (1, 0),
        'wsgi.multithread': multithread,
        'wsgi.multiprocess': multiprocess,
        'wsgi.run_once': False,
        'wsgi.input_terminated': True,
        'wsgi.file_wrapper': FileWrapper,
    }


class Environs:
    """Makes environs of heads, and remembers them: a client on a kept connection repeats all but the request's id.

    A head is known by what stands before the id's value and what stands behind it; a copy of its environ takes half the
    time of a new one.
    """

    def __init__(self, constants: dict[str, Any]) -> None:
        # The keys that are set for each request have their place: a copy that had to grow would be made twice.
        self._constants = {**constants, 'wsgi.errors': None, 'wsgi.input': None, 'stillhouse.client_gone': None}
        self._known: dict[bytes, tuple[int, dict[str, Any]]] = {}
        self._seen = [0] * _MAX_KNOWN  # hashes of heads that have come, each in the place of an older one

    def make(self, head: bytes, count: int) -> dict[str, Any]:
        """A new environ of the `count` pairs of a REQUEST's head. Raises ProtocolError."""
        if len(head) > _MAX_KNOWN_SIZE:
            return self._decode(head, count)
        at = head.rfind(_ID) + len(_ID)
        end = head.find(0, at)
        if at < len(_ID) or end < 0:
            return self._decode(head, count)
        key = head[:at] + head[end:]  # where the id stood is plain: behind the last of its key
        known = self._known.get(key)
        if known is None or known[0] != count:
            environ = self._decode(head, count)
            # An even number of NULs before the id: what looks like its key is another key's value.
            if head.count(0, 0, at) % 2 == 1:
                self._note(key, count, environ)
            return environ
        environ = known[1].copy()
        environ['HTTP_X_REQUEST_ID'] = head[at:end].decode('latin-1')
        return environ

    def _decode(self, head: bytes, count: int) -> dict[str, Any]:
        environ: dict[str, Any] = decode_pairs(head, count)
        environ.update(self._constants)
        return environ

    def _note(self, key: bytes, count: int, environ: dict[str, Any]) -> None:
        """Remember it where it comes the second time: one that comes once costs next to nothing."""
        mark = hash(key)
        if self._seen[mark % _MAX_KNOWN] != mark:
            self._seen[mark % _MAX_KNOWN] = mark
            return
        if len(self._known) >= _MAX_KNOWN:
            self._known.clear()
        self._known[key] = (count, environ.copy())


def open_input(
    frame: Frame, environ: dict[str, Any], bodies: StreamingInbox | None, settle: Callable[[], None]
) -> BinaryIO:
    """`wsgi.input` of a body that is not in the frame: the file it names, or what is still to come.

    `settle`: Response.settle, for a body that our code receives.
    All have PEP 3333's methods and a sticky end. Raises InputError where the file is missing or has not CONTENT_LENGTH bytes: a part must never look like the whole.
    """
    if frame.flags == STREAM and bodies is not None:
        return bodies.open_body(frame.id, settle)
    if frame.flags != PATH:
        raise ProtocolError(f'a REQUEST with flags {frame.flags}, which do not say where its body is')
    length = environ.get('CONTENT_LENGTH')
    try:
        file = open(frame.body, 'rb')
    except (OSError, ValueError) as error:
        raise InputError(f'the request body cannot be read: {error}') from None
    size = os.fstat(file.fileno()).st_size
    if str(size) != length:
        file.close()
        path = os.fsdecode(frame.body)
        raise InputError(f'the request body has {size} bytes in {path}, but CONTENT_LENGTH is {length!r}')
    return file
