"""A worker's life: START, import, READY, requests, STOP."""
from __future__ import annotations

import json
import os
import sys
from typing import Any, Callable, NoReturn

from .control import Control
from .endings import (
    EXIT_LINK_ENDED,
    EXIT_LOAD_FAILED,
    EXIT_USAGE,
    die_with_front,
    end_worker,
    flush_output,
    leave_child,
)
from .environ import constants
from .errors import LoadError
from .frames import DATA_LINK_TYPES, FAILED, READY, START, STREAMING_LINK_TYPES, VERSION, Frame, ProtocolError
from .inbox import Inbox
from .links import ControlLink, DataLink
from .interruption import MainInterruption
from .loader import load_module
from .progress import Progress
from .records import write_record
from .running import Running
from .service import Service
from .shared_bodies import SharedBodies
from .slots import serve_inline, serve_threads
from .streaming_inbox import StreamingInbox
from .target import find_application
from .ticker import Ticker


def run() -> int:
    """The whole life of the worker; its exit status."""
    try:
        control = ControlLink()
        start, unread = _read_start(control)
        progress = Progress()
        shared = SharedBodies()
        ticker = Ticker()
        data = DataLink(progress, ticker, STREAMING_LINK_TYPES if start['streaming'] else DATA_LINK_TYPES)
    except (OSError, ValueError) as error:
        message = f'descriptors 3 to 6 are not those of a worker ({error})'
        print(f'{message}; cure: start workers by the command `stillhouse`', file=sys.stderr)
        return EXIT_USAGE
    except LoadError as failure:
        _refuse(control, failure)
    except ProtocolError as error:
        end_worker(error)
    running = Running(data, start['threads'])
    if start['threads'] == 1:
        running.slots[0].interruption = MainInterruption(running.slots[0])
    bodies = StreamingInbox(data, control, start['window']) if start['streaming'] else None
    inbox = bodies or Inbox(data)
    Control(control, data, inbox, running, unread).start()
    name = start['module'] or os.path.splitext(os.path.basename(start['file']))[0]
    written, application = _import(start, name, control)
    runtime = '.'.join(map(str, sys.version_info[:3]))
    ready = {'version': VERSION, 'language': 'python', 'runtime': runtime, 'callable': written}
    control.send(READY, json.dumps(ready).encode())
    environ = constants(start['threads'] > 1, start['multiprocess'])
    if start['lint']:
        from wsgiref.validate import validator  # which others need not wait for

        application = validator(application)
    service = Service(
        application, f'{name}:{written}', environ, start['window'], data, running, shared, bodies, start['debug']
    )
    try:
        if len(running.slots) > 1:
            serve_threads(inbox, service, running.slots, progress, ticker)
        else:
            serve_inline(inbox, service, running.slots[0], progress)
    except ProtocolError as error:
        end_worker(error)
    if data.broken:
        write_record('error', 'an exception in a signal handler cut a frame: the worker ends', 'WORKER_LINK_BROKEN')
        return EXIT_LINK_ENDED
    return 0


def _read_start(control: ControlLink) -> tuple[dict[str, Any], list[Frame]]:
    """START's fields, and the frames after it that came along. Raises LoadError for another version."""
    frames: list[Frame] = []
    while not frames:
        received = control.receive()
        if received is None:
            die_with_front()
        frames = received
    first, *unread = frames
    if first.type != START:
        raise ProtocolError(f'a frame of type {first.type} before START')
    try:
        start = json.loads(first.body)
    except ValueError as error:
        raise ProtocolError(f'a START that is not JSON: {error}') from None
    if start.get('version') != VERSION:
        found = start.get('version')
        message = f'this worker speaks version {VERSION} of the worker protocol, the front version {found}'
        raise LoadError('APP_PROTOCOL_MISMATCH', message, 'install the front and its workers from one release')
    return start, unread


def _prepare_process(start: dict[str, Any]) -> None:
    """The process as the application expects it: its path, its arguments, an output that is read line by line."""
    sys.path.insert(0, start['directory'])
    sys.argv = [start['file'] or ':'.join(filter(None, [start['module'], start['callable']]))]
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.reconfigure(encoding='utf-8', errors='backslashreplace', line_buffering=True)


def _import(start: dict[str, Any], name: str, control: ControlLink) -> tuple[str, Callable]:
    """The callable as it was found, and the application; ends the process where there is none."""
    pid = os.getpid()
    _prepare_process(start)
    try:
        module = load_module(start['directory'], name, start['file'])
        found = find_application(module, name, start['callable'])
    except LoadError as failure:
        if os.getpid() != pid:
            leave_child(failure.__cause__ or failure)
        _refuse(control, failure)
    if os.getpid() != pid:
        leave_child()
    return found


def _refuse(control: ControlLink, failure: LoadError) -> NoReturn:
    """FAILED, and the end, at once: threads that a half-imported application started would hold the process."""
    control.send(FAILED, json.dumps(failure.fields).encode())
    flush_output()
    os._exit(EXIT_LOAD_FAILED)
