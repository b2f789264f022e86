"""The frames of the worker protocol, version 1 (docs/worker-protocol.md), without I/O: bytes in, frames out."""
from __future__ import annotations

from struct import Struct
from typing import NamedTuple

VERSION = 1

REQUEST, RESPONSE, DATA, ABORT, DONE = range(1, 6)
START, READY, FAILED, CREDIT, CANCEL, STACKS, STOP, GIVE_BACK, RETURNED, GONE, PING = range(16, 27)

END, FREE, INLINE, PATH, STREAM, SLOW, INTERRUPT, SHARED = 1, 2, 4, 8, 16, 32, 64, 128

DATA_LINK_TYPES = frozenset([REQUEST])
STREAMING_LINK_TYPES = frozenset([REQUEST, DATA, ABORT])
CONTROL_LINK_TYPES = frozenset([START, CREDIT, CANCEL, STACKS, STOP, GIVE_BACK, GONE, PING])

MAX_RECEIVED = 64 << 20  # bytes after the header, in a frame from the front
MAX_SENT = 1 << 20  # bytes after the header, in a frame to the front
MAX_DATA = 64 << 10  # body bytes in one DATA frame

# size u32, type u8, flags u8, count u16, id u32, head size u32
HEADER = Struct('<IBBHII')
CREDIT_BODY = Struct('<I')

pack_header = HEADER.pack
_unpack_from = HEADER.unpack_from
_SIZE = HEADER.size


class ProtocolError(Exception):
    """The peer broke the protocol; the link has to end."""


class Frame(NamedTuple):
    type: int
    flags: int
    count: int
    id: int
    head: bytes
    body: bytes


_new = tuple.__new__  # a third of what a NamedTuple's own constructor takes


def encode(type: int, id: int = 0, body: bytes = b'') -> bytes:
    """A whole frame that has no head."""
    return pack_header(len(body), type, 0, 0, id, 0) + body


def decode_pairs(head: bytes, count: int) -> dict[str, str]:
    """The `count` pairs `KEY\\0VALUE\\0` of a head, in latin-1. Raises ProtocolError where the NULs do not fit."""
    parts = head.decode('latin-1').split('\0')
    if len(parts) != 2 * count + 1 or parts[-1]:
        raise ProtocolError(f'a head says {count} pairs and holds {len(parts) - 1} NULs')
    each = iter(parts)
    return dict(zip(each, each))


class FrameDecoder:
    """Collects bytes of one link, and gives the frames that are complete. `types`: what may come on this link.

    `missing`: bytes without which no further frame is complete.
    """

    def __init__(self, types: frozenset[int], bound: int = MAX_RECEIVED) -> None:
        self._types = types
        self._bound = bound
        self._parts: list[bytes] = []  # of a frame that is not complete: joined once, however many they are
        self.missing = _SIZE

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that `data` completes, in order. Raises ProtocolError as soon as a header is wrong."""
        if self._parts:
            self._parts.append(data)
            self.missing -= len(data)
            if self.missing > 0:
                return []
            data = b''.join(self._parts)
            self._parts.clear()
        frames = []
        types, bound, available = self._types, self._bound, len(data)
        start = _SIZE  # of what comes after a header
        wanted = _SIZE
        while start <= available:
            size, type, flags, count, id, head_size = _unpack_from(data, start - _SIZE)
            if type not in types or size > bound or head_size > size:
                self._refuse(size, type, head_size)
            end = start + size
            if end > available:
                wanted += size
                break
            split = start + head_size
            frames.append(_new(Frame, (type, flags, count, id, data[start:split], data[split:end])))
            start = end + _SIZE
        rest = available - (start - _SIZE)
        if rest:
            self._parts.append(data[start - _SIZE:])
        self.missing = wanted - rest
        return frames

    def _refuse(self, size: int, type: int, head_size: int) -> None:
        if type not in self._types:
            raise ProtocolError(f'a frame of type {type}, which does not belong on this link')
        if size > self._bound:
            raise ProtocolError(f'a frame of {size} bytes, where {self._bound} are the bound')
        raise ProtocolError(f'a head of {head_size} bytes in a frame of {size}')
