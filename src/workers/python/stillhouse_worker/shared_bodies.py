"""Request bodies in the file on descriptor 6, which the front writes and this worker reads alone.

It is mapped: read(2) would let go of the interpreter's lock for each body, which other threads then take.
"""
from __future__ import annotations

import mmap
import os
from struct import Struct

from .errors import InputError

DESCRIPTOR = 6
_unpack_place = Struct('<II').unpack  # offset, size


class SharedBodies:
    """Raises OSError where there is no such descriptor."""

    def __init__(self, descriptor: int = DESCRIPTOR) -> None:
        os.set_inheritable(descriptor, False)
        self._descriptor = descriptor
        self._memory: mmap.mmap | bytes = b''  # as much of the file as there was when it was mapped

    def read(self, place: bytes) -> bytes:
        """A body, by its place in the file. Raises InputError where not all of it is there."""
        offset, size = _unpack_place(place)
        end = offset + size
        if end > len(self._memory):
            self._map(end)
        return self._memory[offset:end]

    def _map(self, end: int) -> None:
        """The file has grown. What is cut off at its end meanwhile belongs to no request, and is not touched."""
        try:
            memory = mmap.mmap(self._descriptor, 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            raise InputError(f'request bodies cannot be read from descriptor {self._descriptor}: {error}') from None
        if end > len(memory):
            raise InputError(f'the request body ends at byte {end} of a file of {len(memory)} bytes')
        self._memory = memory
