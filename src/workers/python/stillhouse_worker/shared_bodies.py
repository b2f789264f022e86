"""Request bodies in the file on descriptor 6, which the front writes and this worker reads alone."""
from __future__ import annotations

import os
from struct import Struct

from .errors import InputError

DESCRIPTOR = 6
_unpack_place = Struct('<II').unpack  # offset, size
_pread = os.pread


def keep_to_this_process() -> None:
    """Programs that the application starts do not inherit it. Raises OSError where there is no such descriptor."""
    os.set_inheritable(DESCRIPTOR, False)


def read_shared(place: bytes) -> bytes:
    """A body, by its place in the file. Raises InputError where not all of it is there."""
    offset, size = _unpack_place(place)
    try:
        body = _pread(DESCRIPTOR, size, offset)
    except OSError as error:
        raise InputError(f'the request body cannot be read from descriptor {DESCRIPTOR}: {error}') from None
    if len(body) != size:
        raise InputError(f'the request body has {size} bytes, of which {len(body)} can be read')
    return body
