"""A thread that looks at the worker again and again while it is busy, and sleeps while it is not."""
from __future__ import annotations

from _thread import allocate_lock
from threading import Thread
from time import sleep
from typing import Callable

from .endings import end_worker

_SHORTEST, _LONGEST = 0.0002, 0.002  # seconds between two looks
_QUIET = 0.004  # seconds with nothing to look at, after which it sleeps until it is armed


class Ticker:
    """Calls `looks`. Each returns in how many seconds it would look again, or 0 where it has nothing to look at.

    A look costs 10 µs and more, because the thread that runs the application has to let go of the interpreter for it.
    So it is shared by all requests of that time, where a timer for each would cost as much for each.
    """

    def __init__(self) -> None:
        self.looks: list[Callable[[], float]] = []
        self._bell = allocate_lock()
        self._bell.acquire()
        self._awake = False
        self._started = False

    def arm(self) -> None:
        """There is something to look at. Costs next to nothing while it ticks."""
        if self._awake:
            return
        self._awake = True
        if not self._started:
            # Not before it is needed: an application may patch threads while it is imported.
            self._started = True
            Thread(target=self._run, name='stillhouse-ticker', daemon=True).start()
            return
        try:
            self._bell.release()
        except RuntimeError:
            pass  # another thread was faster

    def _run(self) -> None:
        try:
            while True:
                self._tick()
                self._awake = False
                # What came since the last look saw it awake, and has not rung.
                if not any([look() for look in self.looks]):
                    self._bell.acquire()
                self._awake = True
        except BaseException as error:
            end_worker(error)

    def _tick(self) -> None:
        """Until there has been nothing to look at for a while."""
        quiet = 0.0
        while quiet < _QUIET:
            wanted = [due for due in [look() for look in self.looks] if due]
            pause = max(_SHORTEST, min(wanted)) if wanted else _LONGEST
            quiet = 0.0 if wanted else quiet + pause
            sleep(min(pause, _LONGEST))
