"""The ways a worker process ends other than by returning from its loop."""
from __future__ import annotations

import os
import signal
import sys
from typing import NoReturn

from .errors import ClientGone, describe
from .frames import ProtocolError
from .records import write_record
from .tracebacks import format_error

EXIT_USAGE = 2
EXIT_LOAD_FAILED = 3
EXIT_LINK_ENDED = 4


def end_worker(error: BaseException) -> NoReturn:
    """The worker cannot go on: say why, and end, so that the front replaces it."""
    if isinstance(error, ProtocolError):
        write_record('error', f'the front sent {error}: the worker ends', 'WORKER_PROTOCOL_BROKEN')
    else:
        write_record('error', f'the worker failed: {describe(error)}', 'WORKER_FAILED', format_error(error))
    flush_output()
    os._exit(EXIT_LINK_ENDED)


def leave_child(error: BaseException | None = None) -> NoReturn:
    """End a child that the application forked and that came back to us: our loop belongs to its parent."""
    status = 0
    if isinstance(error, SystemExit):
        status = error.code if isinstance(error.code, int) else int(error.code is not None)
    elif error is not None and not isinstance(error, ClientGone):
        status = 1
        message = f'a child process that the application forked raised {describe(error)}'
        write_record('error', message, 'APP_EXCEPTION', format_error(error))
    flush_output()
    os._exit(status & 0xFF)


def die_with_front() -> NoReturn:
    """The front is dead: nothing that we started may outlive it."""
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)


def flush_output() -> None:
    """What os._exit would lose."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            pass
