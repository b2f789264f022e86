"""The two links of a worker: Unix socket pairs on descriptors 3 and 4, which belong to this process alone."""
from __future__ import annotations

import errno
import os
import select
import socket
import threading

from .errors import ClientGone
from .frames import CONTROL_LINK_TYPES, DATA_LINK_TYPES, Frame, FrameDecoder, encode, pack_header

DATA_DESCRIPTOR = 3
CONTROL_DESCRIPTOR = 4
_RECEIVE = 64 << 10  # bytes asked for at a time
_CLOSED = frozenset([errno.EPIPE, errno.ECONNRESET, errno.EBADF])
_SENDING = 256 << 10  # bytes that may wait for the front, as far as net.core.wmem_max lets: socket(7) doubles it
_JOINED = 8 << 10  # bytes of a body up to which a copy is cheaper than a second buffer for the kernel


class Link:
    """A socket and its decoder."""

    def __init__(self, descriptor: int, types: frozenset[int]) -> None:
        os.set_inheritable(descriptor, False)
        self._socket = socket.socket(fileno=descriptor)
        self._socket.setblocking(True)  # the parent may have used it without blocking: that is a state of the socket
        self._decoder = FrameDecoder(types)
        # A forked child of the application would hold the stream open after our death, and could write to it.
        os.register_at_fork(after_in_child=self._socket.close)

    def receive(self, flags: int = 0) -> list[Frame] | None:
        """Wait for bytes; the frames they complete, maybe none. None: the link has ended. Raises ProtocolError.

        `flags`: MSG_DONTWAIT, and BlockingIOError where nothing has come.
        """
        try:
            data = self._socket.recv(_RECEIVE, flags)
        except ConnectionResetError:
            return None
        return self._decoder.feed(data) if data else None


class DataLink(Link):
    """Requests come, responses go. For one thread: `SharedDataLink` is for several."""

    def __init__(self, types: frozenset[int] = DATA_LINK_TYPES, descriptor: int = DATA_DESCRIPTOR) -> None:
        """`types`: the frames that may come."""
        super().__init__(descriptor, types)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SENDING)
        self.broken = False

    def send(self, type: int, flags: int, id: int, count: int = 0, head: bytes = b'', body: bytes = b'') -> None:
        """Send a whole frame. Raises ClientGone where the front has closed the link."""
        size = len(body)
        start = pack_header(len(head) + size, type, flags, count, id, len(head)) + head
        try:
            if size <= _JOINED:
                self._socket.sendall(start + body)
            else:
                self._send_both(start, body)
        except BaseException as error:
            if isinstance(error, OSError) and error.errno in _CLOSED:
                raise ClientGone(f'the front has closed the data link: {error}') from None
            # A signal handler of the application raised: nobody knows how much of the frame has left.
            self.broken = True
            self._socket.shutdown(socket.SHUT_RDWR)
            raise

    def _send_both(self, start: bytes, body: bytes) -> None:
        sent = self._socket.sendmsg([start, body])
        if sent < len(start):
            self._socket.sendall(start[sent:])
            sent = len(start)
        if sent < len(start) + len(body):
            self._socket.sendall(memoryview(body)[sent - len(start):])

    def stop_receiving(self) -> None:
        """Let `receive` give what has arrived, and then the end. Called by another thread."""
        try:
            self._socket.shutdown(socket.SHUT_RD)
        except OSError:
            pass

    def is_closed(self) -> bool:
        """True where the front's end is closed altogether."""
        poll = select.poll()
        poll.register(self._socket, 0)
        return any(event & (select.POLLHUP | select.POLLERR) for _, event in poll.poll(0))


class SharedDataLink(DataLink):
    """A data link that several threads send on."""

    def __init__(self, types: frozenset[int] = DATA_LINK_TYPES) -> None:
        super().__init__(types)
        self._lock = threading.Lock()

    def send(self, *frame, **parts) -> None:
        with self._lock:
            super().send(*frame, **parts)


class ControlLink(Link):
    """Everything else, both ways."""

    def __init__(self, descriptor: int = CONTROL_DESCRIPTOR) -> None:
        super().__init__(descriptor, CONTROL_LINK_TYPES)
        self._lock = threading.Lock()  # the main thread says READY while the control thread answers STACKS

    def send(self, type: int, body: bytes, id: int = 0) -> None:
        with self._lock:
            self._socket.sendall(encode(type, id, body))
