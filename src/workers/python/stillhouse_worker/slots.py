"""Slots run requests: the main thread is one, or a few threads are, of which one leads.

The leader reads the link and runs what it has read, one request after the other, and wakes nobody: threads cost nothing
while the application is quick, and do not fight for the interpreter's lock. The others wait to be let in, which takes
the lead from the leader:

- when the leader has been inside the application for half a millisecond, and the process has mostly waited meanwhile;
- after two milliseconds also where the process computes: a request behind a long one gets its share of the interpreter;
- at once, before the leader calls the application, in an app whose requests mostly wait.

A slot whose request has ended goes on leading if it still does; takes the lead if the leader is stuck and found nobody
to let in; and waits otherwise.
"""
from __future__ import annotations

import threading
from _thread import allocate_lock
from time import perf_counter, process_time

from .endings import end_worker
from .frames import Frame
from .inbox import Inbox
from .interruption import ThreadInterruption
from .progress import Progress
from .running import Slot
from .service import Service
from .ticker import Ticker

_COMPUTING = 0.5  # of the time between two looks: a process that has used more of a processor computes
_PATIENCE = 0.0005  # seconds in the application, after which a leader that waits gives up the lead
_LONG = 0.0018  # and after which one that computes does
# Seconds between two looks: an app in which nobody was let in for a while is looked at less often.
_OFTEN, _SELDOM = 0.0005, 0.0014
_LATELY = 100  # looks
# How much an app waits: up by 2 for a leader that was found waiting, down by 1 for one that was not. From `_WAITS` on
# the next is let in at once; then a request that was quick takes it down by 2.
_WAITS, _MOST_WAITS = 8, 16


def serve_inline(inbox: Inbox, service: Service, slot: Slot, progress: Progress) -> None:
    """One slot: read a request, run it, read the next, until the link ends."""
    while (frame := inbox.next()) is not None:
        progress.begin(frame.id)
        service.run(frame, slot)


def serve_threads(inbox: Inbox, service: Service, slots: list[Slot], progress: Progress, ticker: Ticker) -> None:
    """A thread for each slot. Returns when the link has ended and the last request has."""
    lead = Lead(inbox, progress, ticker)
    threads = [
        threading.Thread(target=_run_slot, args=(lead, service, slot), name=f'slot-{number}', daemon=True)
        for number, slot in enumerate(slots, 1)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _run_slot(lead: Lead, service: Service, slot: Slot) -> None:
    slot.interruption = ThreadInterruption(slot)
    follower = Follower(slot)
    try:
        while (frame := lead.next(follower)) is not None:
            service.run(frame, slot)
    except BaseException as error:
        end_worker(error)  # a slot that is lost in silence would hang its front


class Follower:
    """A slot's thread while it waits to be let in."""

    def __init__(self, slot: Slot) -> None:
        self.slot = slot
        self.began = 0.0
        self.bell = allocate_lock()
        self.bell.acquire()


class Lead:
    """The right to read the link, which one thread has at a time."""

    def __init__(self, inbox: Inbox, progress: Progress, ticker: Ticker) -> None:
        self._inbox = inbox
        self._progress = progress
        self._ticker = ticker
        ticker.looks.append(self._look)
        self._lock = allocate_lock()  # guards what follows, and is never held while anything waits
        self._leader: Follower | None = None
        self._followers: list[Follower] = []
        self._inside = False  # the leader has been given a request
        self._stuck = False  # it should have let somebody in, and nobody was there
        self._ended = False
        self._waits = 0
        self._looked = self._used = 0.0  # when the ticker last looked, and the processor time until then
        self._lately = 0  # looks that come often

    def next(self, follower: Follower) -> Frame | None:
        """The next request for this slot; waits for the lead and for the request. None: the link has ended."""
        if not self._keep(follower):
            follower.bell.acquire()
        frame = None if self._ended else self._inbox.next()
        if frame is None:
            self._ended = True
            with self._lock:
                self._let_in()
            return None
        self._progress.begin(frame.id)
        with self._lock:
            self._inside = True
            if self._waits >= _WAITS:
                follower.began = perf_counter()
                self._let_in()
        self._ticker.arm()
        return frame

    def _keep(self, follower: Follower) -> bool:
        """After a request, or at the start: whether this slot leads. It waits among the others where it does not."""
        with self._lock:
            if follower.began:
                quick = perf_counter() - follower.began < _PATIENCE
                self._waits += -2 if quick else self._waits < _MOST_WAITS
                follower.began = 0.0
            if self._leader is follower:
                self._inside = self._stuck = False
                if 0 < self._waits < _WAITS:
                    self._waits -= 1
                return True
            if self._leader is None or self._stuck:
                self._lead(follower)
                return True
            self._followers.append(follower)
            return False

    def _lead(self, follower: Follower) -> None:
        self._leader = follower
        self._inside = self._stuck = False

    def _let_in(self) -> None:
        """Give the lead to the follower that came last, whose memory is warmest."""
        self._stuck = not self._followers
        if self._followers:
            follower = self._followers.pop()
            self._lead(follower)
            follower.bell.release()

    def _look(self) -> float:
        """For the ticker: lets the next in where the leader is in the application for long."""
        if not self._inside or self._stuck:
            return 0.0
        self._lately = max(0, self._lately - 1)
        now, used = perf_counter(), process_time()
        computes = used - self._used > _COMPUTING * (now - self._looked)
        self._looked, self._used = now, used
        with self._lock:
            leader = self._leader
            response = leader.slot.response if leader is not None else None
            if self._inside and response is not None:
                inside = now - response.began
                if inside >= _LONG or (inside >= _PATIENCE and not computes):
                    if not computes:
                        self._waits = min(_MOST_WAITS, self._waits + 2)
                    self._lately = _LATELY
                    self._let_in()
        return _OFTEN if self._lately else _SELDOM
