"""The progress file on descriptor 5: what the front learns of this worker whatever becomes of the process.

A worker that is killed can say nothing more, and one that is stopped or holds the interpreter's lock says nothing now.
So what the front has to know then lies in memory that both share (docs/worker-protocol.md, "Progress"):

- `begun`, the highest id of a request that the application was called for. Ids begin in their order, so a request
  above it has not begun and may run elsewhere. It is written before the application is called.
- the output that is held back: bytes of the data link that come after the first `position` ones.

Each word is written by itself, and in an order in which a kill between any two of them loses and repeats nothing.
"""
from __future__ import annotations

import mmap
import os

DESCRIPTOR = 5
CAPACITY = 16 << 10  # bytes of output that may be held
_WORDS = 4  # u32 in the machine's byte order: begun, position, held, unused
_SIZE = 4 * _WORDS + CAPACITY
_BEGUN, _POSITION, _HELD = range(3)


class Progress:
    """The worker's side. Errors: OSError and ValueError where the descriptor is no such file."""

    def __init__(self, descriptor: int = DESCRIPTOR) -> None:
        # The mapping has a descriptor of its own: it takes the place of this one.
        file = os.dup(descriptor)
        os.close(descriptor)
        try:
            memory = memoryview(mmap.mmap(file, _SIZE))
        finally:
            os.close(file)
        self._words = memory[:4 * _WORDS].cast('I')
        self.output = memory[4 * _WORDS:]  # the held bytes lie at its start
        os.register_at_fork(after_in_child=self._detach)

    def begin(self, id: int) -> None:
        """The application is about to be called for request `id`."""
        self._words[_BEGUN] = id

    def hold(self, size: int) -> None:
        """The first `size` bytes of `output` are held."""
        self._words[_HELD] = size

    def hold_from(self, position: int) -> None:
        """Nothing is held, and what will be comes after `position` bytes of the data link (mod 2**32)."""
        self._words[_HELD] = 0
        self._words[_POSITION] = position & 0xFFFFFFFF

    def _detach(self) -> None:
        """In a forked child: what it writes is nobody's."""
        memory = memoryview(bytearray(_SIZE))
        self._words = memory[:4 * _WORDS].cast('I')
        self.output = memory[4 * _WORDS:]
