"""The requests that run, as the control thread sees them: who gets credit, and who is cancelled."""
from __future__ import annotations

from threading import Condition
from typing import TYPE_CHECKING

from .errors import ClientGone
from .links import DataLink

if TYPE_CHECKING:
    from typing import Protocol

    class Tracked(Protocol):
        """What is kept of a response: its request's number, bytes granted and sent, and whether anyone still waits."""

        id: int
        granted: int
        sent: int
        cancelled: bool

_REMEMBERED = 64  # cancelled ids that belong to no running request; a front asks for far fewer at once


class Running:
    """Slots add and remove their responses without a lock: operations on a dict are atomic."""

    def __init__(self, link: DataLink) -> None:
        self._link = link
        self._running: dict[int, Tracked] = {}
        self._cancelled_early: dict[int, None] = {}
        self._changed = Condition()

    def add(self, response: Tracked) -> None:
        self._running[response.id] = response
        if self._cancelled_early and response.id in self._cancelled_early:
            del self._cancelled_early[response.id]
            response.cancelled = True

    def remove(self, response: Tracked) -> None:
        self._running.pop(response.id, None)

    def credit(self, id: int, size: int) -> None:
        """The front grants `size` more body bytes."""
        with self._changed:
            response = self._running.get(id)
            if response is not None:
                response.granted += size
                self._changed.notify_all()

    def cancel(self, id: int) -> None:
        """Nobody waits for this request: it may run, have ended, or not have been read from the data link yet."""
        with self._changed:
            if id not in self._running:
                self._cancelled_early[id] = None
                if len(self._cancelled_early) > _REMEMBERED:
                    del self._cancelled_early[next(iter(self._cancelled_early))]
            response = self._running.get(id)  # looked up after the note is left: `add` works the other way round
            if response is not None:
                response.cancelled = True
                self._changed.notify_all()

    def wait_for_room(self, response: Tracked) -> int:
        """Wait until the window lets body bytes pass; how many. Raises ClientGone."""
        with self._changed:
            while True:
                if response.cancelled:
                    raise ClientGone('the client has gone')
                room = response.granted - response.sent
                if room > 0:
                    return room
                # The end of the data link wakes nobody, since this thread is the one that reads it.
                if not self._changed.wait(timeout=1) and self._link.is_closed():
                    raise ClientGone('the front has closed the data link')
