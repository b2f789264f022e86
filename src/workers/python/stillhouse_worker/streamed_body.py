"""A request's body that is read while it comes (docs/worker-protocol.md, "Streamed request bodies")."""
from __future__ import annotations

from collections import deque
from io import RawIOBase
from typing import Callable

from .errors import ClientGone


class StreamedBody(RawIOBase):
    """The raw side of a `BufferedReader`, which has PEP 3333's methods. Its end is sticky, and so is its failure.

    Nothing is asked for before the application first reads: a client that waits for 100 (Continue) is answered then.
    The inbox appends to `pieces`, and sets `ended` or `failure` last.
    """

    def __init__(
        self,
        window: int,
        grant: Callable[[int], None],
        wait: Callable[[StreamedBody], None],
        settle: Callable[[], None],
    ) -> None:
        """`window`: bytes that may be on their way. `grant` asks for so many more, `wait` until something has come.

        `settle`: called before the link that all share is read, which nothing may interrupt.
        """
        self.pieces: deque[bytes] = deque()
        self.ended = False
        self.failure = ''  # why it was cut short
        self._rest = memoryview(b'')
        self._window = window
        self._grant = grant
        self._wait = wait
        self._settle = settle
        self._read = window  # bytes that were read and not asked for anew

    @property
    def ready(self) -> bool:
        """Whether a read need not wait."""
        return bool(self.pieces or self.ended or self.failure)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:
        """Bytes that are there, or the next that come; 0 at the end. Raises ClientGone where the body was cut short."""
        if not self._rest:
            self._rest = memoryview(self._next())
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size

    def readall(self) -> bytes:
        """What is left, joined once."""
        pieces = [bytes(self._rest)]
        self._rest = memoryview(b'')
        while pieces[-1] or len(pieces) == 1:
            pieces.append(self._next())
        return b''.join(pieces)

    def _next(self) -> bytes:
        self._settle()
        if not self.ready:
            self._ask()
            self._wait(self)
        if self.pieces:
            piece = self.pieces.popleft()
            self._read += len(piece)
            self._ask()
            return piece
        if self.failure:
            raise ClientGone(f'the request body was cut short: {self.failure}')
        return b''

    def _ask(self) -> None:
        """In halves of the window, so that a fast client costs few frames."""
        if 2 * self._read >= self._window and not self.ended and not self.failure:
            size, self._read = self._read, 0
            self._grant(size)
