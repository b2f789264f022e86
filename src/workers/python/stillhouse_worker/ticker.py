"""A thread that looks at the worker again and again while it is busy, and sleeps while it is not."""
from __future__ import annotations

from _thread import allocate_lock
from threading import Thread
from time import sleep
from typing import Callable

from .endings import end_worker

_QUIET = 0.002  # seconds with nothing to look at, after which it sleeps


class Ticker:
    """Calls `looks` every `tick` seconds, which they may change. One that returns True has more to look at."""

    def __init__(self) -> None:
        self.tick = 0.0009  # seconds
        self.looks: list[Callable[[], bool]] = []
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
                quiet = 0.0
                while quiet < _QUIET:
                    sleep(self.tick)
                    quiet += self.tick
                    for look in self.looks:
                        if look():
                            quiet = 0.0
                self._awake = False
                # Whoever came since the last look saw it awake, and has not rung.
                if not any([look() for look in self.looks]):
                    self._bell.acquire()
                self._awake = True
        except BaseException as error:
            end_worker(error)
