"""Requests that have come and have not begun."""
from __future__ import annotations

import socket
from _thread import allocate_lock
from collections import deque

from .frames import Frame
from .links import DataLink


class Inbox:
    """The receiving side of the data link: whoever needs a request and finds none reads the link, for all.

    The front sends requests ahead of free slots, and may ask for them back while the application runs.
    """

    def __init__(self, link: DataLink) -> None:
        self._link = link
        self.waiting: deque[Frame] = deque()  # appended and popped without a lock: both are atomic
        self._reading = allocate_lock()
        self._ended = False

    def next(self) -> Frame | None:
        """The next request, in the order in which they came; waits for it. None: the link has ended. Raises ProtocolError."""
        while True:
            try:
                return self.waiting.popleft()
            except IndexError:
                pass
            with self._reading:
                if self.waiting:
                    continue  # another thread has read while this one waited to
                if self._ended:
                    return None
                self._read_more()

    def stop(self) -> None:
        """Receive no more than what has come. Called by another thread."""
        self._link.stop_receiving()

    def give_back(self) -> list[Frame]:
        """Take the requests that have not begun, those that still lie in the socket too, first the oldest.

        They are taken from the newest end, and slots take from the oldest: what is left to a slot came before them.
        """
        # The holder of the lock is idle and will begin what comes: there is nothing to give back.
        if self._reading.acquire(blocking=False):
            try:
                while not self._ended:
                    self._read(socket.MSG_DONTWAIT)
            except BlockingIOError:
                pass
            finally:
                self._reading.release()
        taken: deque[Frame] = deque()
        while self.waiting:
            try:
                taken.appendleft(self.waiting.pop())
            except IndexError:
                break  # a slot was faster
        return list(taken)

    def _read_more(self) -> None:
        """Read what has arrived, or wait for the next request; held output leaves before the wait."""
        link = self._link
        if link.busy:
            try:
                return self._read(socket.MSG_DONTWAIT)
            except BlockingIOError:
                pass
        link.flush()
        self._read()

    def _read(self, flags: int = 0) -> None:
        link = self._link
        filled = link.filled
        frames = link.receive(flags)
        if frames is None:
            self._ended = True
        elif frames:
            link.busy = filled or len(frames) > 1
            self.waiting.extend(frames)
