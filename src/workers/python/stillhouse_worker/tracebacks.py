"""Tracebacks and stacks as a user wants them: without our frames and those of the import system."""
from __future__ import annotations

import importlib
import os
import sys
import threading
import traceback
from types import FrameType

_PACKAGE = os.path.dirname(os.path.realpath(__file__)) + os.sep
_BOOT = os.path.join(os.path.dirname(os.path.dirname(_PACKAGE)), 'boot.py')
_IMPORT_SYSTEM = os.path.dirname(importlib.__file__) + os.sep


def _is_ours(filename: str) -> bool:
    path = os.path.realpath(filename)
    return path.startswith(_PACKAGE) or path == _BOOT


def _is_import_system(filename: str) -> bool:
    return filename.startswith('<frozen ') or filename.startswith(_IMPORT_SYSTEM)


def user_frames(stack: traceback.StackSummary) -> traceback.StackSummary:
    """The frames of `stack` (outermost first) that belong to the application and what it calls."""
    own = {name: _is_ours(name) for name in {frame.filename for frame in stack}}
    ours = [own[frame.filename] for frame in stack]
    # What stands outside of our first frame started us: the thread's bootstrap.
    first = ours.index(True) if True in ours else 0
    kept = [
        frame
        for frame, is_own in zip(stack[first:], ours[first:])
        if not is_own and not _is_import_system(frame.filename)
    ]
    return traceback.StackSummary.from_list(kept)


def has_user_frames(error: BaseException) -> bool:
    return bool(user_frames(traceback.extract_tb(error.__traceback__)))


def format_error(error: BaseException) -> str:
    """The traceback of `error` and of its causes, shortened to the user's frames."""
    report = traceback.TracebackException(type(error), error, error.__traceback__)
    seen = set()
    reports = [report]
    while reports:
        each = reports.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        each.stack = user_frames(each.stack)
        reports += [each.__cause__, each.__context__, *(getattr(each, 'exceptions', None) or ())]
    return ''.join(report.format())


def format_stacks() -> str:
    """The stacks of all threads but the calling one and other threads of ours: the main thread first.

    Each outermost frame first.
    """
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    main = threading.main_thread().ident
    frames = sys._current_frames()
    frames.pop(threading.get_ident(), None)
    order = sorted(frames, key=lambda ident: (ident != main, ident))
    order = [ident for ident in order if not names.get(ident, '').startswith('stillhouse-')]
    return '\n'.join(_format_stack(names.get(ident, str(ident)), frames[ident]) for ident in order)


def _format_stack(name: str, frame: FrameType) -> str:
    lines = user_frames(traceback.extract_stack(frame)).format() or ['  (nothing of the application runs here)\n']
    return f'Thread {name} (most recent call last):\n' + ''.join(lines)


def format_yield(iterator: object) -> str:
    """Where a generator stands, as a line of a traceback; empty for what is not a generator."""
    frame = getattr(iterator, 'gi_frame', None)
    if not isinstance(frame, FrameType):
        return ''
    here = [(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name, None)]
    return ''.join(traceback.format_list(traceback.StackSummary.from_list(here)))
