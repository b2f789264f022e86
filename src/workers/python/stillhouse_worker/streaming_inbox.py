"""The receiving side of a data link on which request bodies come too, for the requests that run."""
from __future__ import annotations

import socket
import threading
from functools import partial
from io import BufferedReader
from typing import Any, Callable

from .endings import end_worker
from .frames import CREDIT, CREDIT_BODY, DATA, END, REQUEST, Frame, ProtocolError
from .inbox import Inbox
from .links import ControlLink, DataLink
from .streamed_body import StreamedBody

_BUFFER = 64 << 10  # bytes


class StreamingInbox(Inbox):
    """Whoever lacks something reads the link for all, and wakes the others.

    A slot may lack a request, an application more of its body.
    """

    def __init__(self, link: DataLink, control: ControlLink, window: int) -> None:
        super().__init__(link)
        self._control = control
        self._window = window
        self._bodies: dict[int, StreamedBody] = {}
        self._changed = threading.Condition()  # guards all of this, and is free while the link is read
        self._leading = False  # a thread reads the link
        self._stopping = False

    def next(self) -> Frame | None:
        with self._changed:
            self._receive_until(lambda: self.waiting)
            return self.waiting.popleft() if self.waiting else None

    def give_back(self) -> list[Frame]:
        with self._changed:
            try:
                # What another thread is about to read has not come: the front asks again.
                while not self._leading and not self._ended:
                    self._sort(self._link.receive(socket.MSG_DONTWAIT))
            except BlockingIOError:
                pass
            taken = list(self.waiting)
            self.waiting.clear()
            self._changed.notify_all()
            return taken

    def stop(self) -> None:
        """Receive no more than what has come, once the bodies have that are on their way."""
        with self._changed:
            self._stopping = True
            if not self._bodies:
                self._link.stop_receiving()

    def open_body(self, id: int, settle: Callable[[], None]) -> BufferedReader:
        """`wsgi.input` of a request. `settle`: Response.settle."""
        body = StreamedBody(self._window, partial(self._grant, id), self._wait_for_body, settle)
        with self._changed:
            self._bodies[id] = body
        return BufferedReader(body, _BUFFER)

    def close_body(self, id: int) -> None:
        """The request has ended: what still comes of its body is thrown away."""
        with self._changed:
            del self._bodies[id]
            if self._stopping and not self._bodies:
                self._link.stop_receiving()

    def _grant(self, id: int, size: int) -> None:
        self._control.send(CREDIT, CREDIT_BODY.pack(size), id)

    def _wait_for_body(self, body: StreamedBody) -> None:
        self._link.flush()
        with self._changed:
            self._receive_until(lambda: body.ready)
            if not body.ready:
                body.failure = 'the front has closed the data link'

    def _receive_until(self, ready: Callable[[], Any]) -> None:
        """Until `ready`, or the end of the link. An application cannot catch what ends the worker."""
        while not ready() and not self._ended:
            if self._leading:
                self._changed.wait()
                continue
            try:
                self._sort(self._lead())
            except ProtocolError as error:
                end_worker(error)

    def _lead(self) -> list[Frame] | None:
        self._leading = True
        self._changed.release()
        try:
            self._link.flush()
            return self._link.receive()
        finally:
            self._changed.acquire()
            self._leading = False
            self._changed.notify_all()

    def _sort(self, frames: list[Frame] | None) -> None:
        if frames is None:
            self._ended = True
            return
        self._link.busy = len(frames) > 1
        for frame in frames:
            if frame.type == REQUEST:
                self.waiting.append(frame)
                continue
            body = self._bodies.get(frame.id)
            if body is None:
                continue  # its request has ended
            if frame.type == DATA:
                if frame.body:
                    body.pieces.append(frame.body)
                body.ended = bool(frame.flags & END)
            else:
                body.failure = frame.body.decode('utf-8', 'replace')
