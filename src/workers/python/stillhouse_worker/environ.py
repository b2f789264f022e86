"""The environ of a request (PEP 3333, "environ Variables"), made of its REQUEST frame."""
from __future__ import annotations

import os
from io import BytesIO
from typing import Any, BinaryIO

from .file_wrapper import FileWrapper
from .frames import INLINE, PATH, STREAM, Frame, ProtocolError
from .streaming_inbox import StreamingInbox


class InputError(Exception):
    """The request's body is not what the front said it is."""


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


def open_input(frame: Frame, environ: dict[str, Any], bodies: StreamingInbox | None) -> BinaryIO:
    """`wsgi.input`: the bytes in the frame, the file it names, or what is still to come.

    All have PEP 3333's methods and a sticky end. Raises InputError where the file is missing or has not CONTENT_LENGTH bytes: a part must never look like the whole.
    """
    if frame.flags == INLINE:
        return BytesIO(frame.body)
    if frame.flags == STREAM and bodies is not None:
        return bodies.open_body(frame.id)
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
