"""The control thread: it answers the front while the application imports, runs or hangs."""
from __future__ import annotations

import struct
import threading

from .endings import die_with_front, end_worker
from .frames import CANCEL, CREDIT, CREDIT_BODY, GIVE_BACK, GONE, INTERRUPT, PING, RETURNED, STACKS, STOP
from .frames import Frame, ProtocolError
from .inbox import Inbox
from .links import ControlLink, DataLink
from .running import Running
from .tracebacks import format_stacks

_MAX_STACKS = 512 << 10  # bytes; a frame to the front has a bound


class Control:
    """The front's side of the conversation is docs/worker-protocol.md; `start` begins ours, beside the main thread."""

    def __init__(
        self, link: ControlLink, data: DataLink, inbox: Inbox, running: Running, unread: list[Frame]
    ) -> None:
        """`unread`: the frames that came together with START."""
        self._link = link
        self._data = data
        self._inbox = inbox
        self._running = running
        self._unread = unread

    def start(self) -> None:
        threading.Thread(target=self._run, name='stillhouse-control', daemon=True).start()

    def _run(self) -> None:
        frames: list[Frame] | None = self._unread
        try:
            while frames is not None:
                for frame in frames:
                    self._answer(frame)
                frames = self._link.receive()
        except OSError:
            pass  # the front is gone, as with the end of the stream
        except BaseException as error:
            end_worker(error)
        die_with_front()

    def _answer(self, frame: Frame) -> None:
        if frame.type == CREDIT:
            if len(frame.body) != CREDIT_BODY.size:
                raise ProtocolError(f'a CREDIT of {len(frame.body)} bytes')
            self._running.credit(frame.id, CREDIT_BODY.unpack(frame.body)[0])
        elif frame.type == CANCEL:
            self._running.cancel(frame.id)
            if frame.flags & INTERRUPT:
                self._running.interrupt(frame.id)
        elif frame.type == GONE:
            self._running.note_gone(frame.id)
        elif frame.type == STACKS:
            text = format_stacks().encode('utf-8', 'backslashreplace')
            self._link.send(STACKS, text[:_MAX_STACKS], frame.id)
        elif frame.type == PING:
            self._link.send(PING, b'', frame.id)
        elif frame.type == GIVE_BACK:
            ids = [each.id for each in self._inbox.give_back()]
            self._data.flush()
            self._link.send(RETURNED, struct.pack(f'<{len(ids)}I', *ids))
        elif frame.type == STOP:
            self._inbox.stop()
        else:
            raise ProtocolError('a second START')
