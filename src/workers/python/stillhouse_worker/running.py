"""The requests that run, as the control thread sees them: who gets credit, and who is cancelled."""
from __future__ import annotations

from _thread import allocate_lock
from typing import TYPE_CHECKING

from .errors import ClientGone
from .links import DataLink

if TYPE_CHECKING:
    from .interruption import MainInterruption, ThreadInterruption
    from .response import Response

_REMEMBERED = 64  # cancelled ids that belong to no running request; a front asks for far fewer at once


class Slot:
    """A place where one request at a time runs."""

    response: Response | None = None  # set by the thread that runs it, without a lock: that is atomic
    interruption: MainInterruption | ThreadInterruption | None = None


class Running:
    """The responses in a worker's slots."""

    def __init__(self, link: DataLink, slots: int) -> None:
        self.slots = [Slot() for _ in range(slots)]
        self.cancelled_early: dict[int, None] = {}
        self._link = link

    def recall(self, response: Response) -> None:
        """Cancel a response that has got its slot where that was asked for already."""
        if response.id in self.cancelled_early:
            del self.cancelled_early[response.id]
            response.cancelled = True

    def credit(self, id: int, size: int) -> None:
        """The front grants `size` more body bytes."""
        response = self._find(id)
        if response is not None:
            response.granted += size
            _wake(response)

    def cancel(self, id: int) -> None:
        """Nobody waits for this request: it may run, have ended, or not have been read from the data link yet."""
        if self._find(id) is None:
            self.cancelled_early[id] = None
            if len(self.cancelled_early) > _REMEMBERED:
                del self.cancelled_early[next(iter(self.cancelled_early))]
        response = self._find(id)  # after the note is left: a slot looks for the note after it shows its response
        if response is not None:
            response.cancelled = True
            _wake(response)

    def note_gone(self, id: int) -> None:
        """The client has closed its side. It may still read: the application goes on, unless it asks."""
        response = self._find(id)
        if response is not None:
            response.half_closed = True

    def interrupt(self, id: int) -> None:
        """End the application of this request, as far as Python can: code in C is not reached before it returns."""
        for slot in self.slots:
            response = slot.response
            if response is not None and response.id == id and slot.interruption is not None:
                slot.interruption.begin(response)

    def _find(self, id: int) -> Response | None:
        for slot in self.slots:
            response = slot.response
            if response is not None and response.id == id:
                return response
        return None

    def wait_for_room(self, response: Response) -> int:
        """Wait until the window lets body bytes pass; how many. Raises ClientGone."""
        if response.bell is None:
            response.bell = allocate_lock()
        self._link.flush()
        while True:
            if response.cancelled:
                raise ClientGone('the client has gone')
            room = response.granted - response.sent
            if room > 0:
                return room
            # The end of the data link wakes nobody, since this thread is the one that reads it.
            if not response.bell.acquire(timeout=1) and self._link.is_closed():
                raise ClientGone('the front has closed the data link')


def _wake(response: Response) -> None:
    """After something has changed for it: whoever waits looks first, and then takes the bell."""
    bell = response.bell
    if bell is not None and bell.locked():
        bell.release()
