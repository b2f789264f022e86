"""Interrupts the application of a request whose time has passed, and nothing else (docs/worker-protocol.md, "Interruption")."""
from __future__ import annotations

import signal
import sys
import threading
import time
from types import CodeType, FrameType
from typing import TYPE_CHECKING

from .errors import RequestTimeout

if TYPE_CHECKING:
    from .response import Response
    from .running import Slot

_SIGNAL = signal.SIGRTMIN + 7  # an application has seldom a handler of its own there
_RETRY = 0.01  # seconds until the next look at an application that was in our code, such as start_response()
_OURS = __name__.partition('.')[0]

# Our functions that call the application, and nothing else that has frames.
_callers: set[CodeType] = set()


def calls_application(function):
    """Mark a function of ours: what runs above its frame is the application's, unless that is ours again."""
    _callers.add(function.__code__)
    return function


def runs_application(frame: FrameType | None) -> bool:
    """Whether the innermost frame of a thread is the application's, or of a library that it called."""
    innermost = frame
    while frame is not None:
        name = frame.f_globals.get('__name__')
        if isinstance(name, str) and name.partition('.')[0] == _OURS:
            return frame is not innermost and frame.f_code in _callers
        frame = frame.f_back
    return False


class MainInterruption:
    """For one slot, in the main thread: by a signal, whose handler sees what it interrupts, and which ends a `sleep()`."""

    def __init__(self, slot: Slot) -> None:
        """Called in the main thread, before the application is imported, which may have handlers of its own."""
        self._slot = slot
        self._wanted: Response | None = None
        signal.signal(_SIGNAL, self._handle)

    def begin(self, response: Response) -> None:
        """Interrupt it, as soon as its application's code runs."""
        self._wanted = response
        main = threading.main_thread().ident
        _repeat(self._slot, response, lambda: signal.pthread_kill(main, _SIGNAL))

    def _handle(self, _signal: int, frame: FrameType | None) -> None:
        response = self._wanted
        if response is None or self._slot.response is not response or not runs_application(frame):
            return
        self._wanted = None
        response.interrupted = True
        raise RequestTimeout


class ThreadInterruption:
    """For a slot in a thread of its own: by an exception that the interpreter raises there when it next looks.

    It may look after the application has given way to our code. So our code calls `settle`, where one may be on its way,
    whenever the application gives way to it; and one is sent only while the application is seen to run after
    `Response.interruption` was set, so that it must come by such a place.
    """

    def __init__(self, slot: Slot) -> None:
        """Called in the slot's thread."""
        self._slot = slot
        self._thread = threading.get_ident()
        self._lock = threading.Lock()

    def begin(self, response: Response) -> None:
        """Interrupt it, as soon as its application's code runs."""
        _repeat(self._slot, response, lambda: self._try(response))

    def _try(self, response: Response) -> None:
        with self._lock:
            response.interruption = self
            if self._slot.response is response and runs_application(sys._current_frames().get(self._thread)):
                response.interrupted = True
                _raise_in(self._thread, RequestTimeout)

    def settle(self) -> None:
        """Raises what is on its way: after this, nothing is. Called by the slot's thread."""
        with self._lock:
            _raise_in(self._thread, None)  # the interpreter looks at the latest when it is called


def _repeat(slot: Slot, response: Response, attempt) -> None:
    """Try until the application was interrupted or has ended: it may be in our code now, such as start_response()."""

    def run() -> None:
        while slot.response is response and not response.interrupted:
            attempt()
            time.sleep(_RETRY)

    threading.Thread(target=run, name='stillhouse-interruption', daemon=True).start()


def _raise_in(thread: int, error: type[BaseException] | None) -> None:
    """PyThreadState_SetAsyncExc; None takes back what has not been raised. Nothing where Python has no ctypes."""
    try:
        import ctypes
    except ImportError:
        return
    value = ctypes.py_object(error) if error is not None else None
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), value)
