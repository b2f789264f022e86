"""The two links of a worker: Unix socket pairs on descriptors 3 and 4, which belong to this process alone."""
from __future__ import annotations

import errno
import os
import select
import socket
from _thread import allocate_lock
from collections import deque
from time import perf_counter

from .errors import ClientGone
from .frames import CONTROL_LINK_TYPES, DATA, DATA_LINK_TYPES, HEADER, Frame, FrameDecoder, encode, pack_header
from .progress import CAPACITY, Progress
from .ticker import Ticker

DATA_DESCRIPTOR = 3
CONTROL_DESCRIPTOR = 4
_RECEIVE = 16 << 10  # bytes asked for at a time: many requests without a body, and little of one with a large one
_LARGE = 4 << 10  # bytes that are missing of a frame, from which on they are asked for alone
_CLOSED = frozenset([errno.EPIPE, errno.ECONNRESET, errno.EBADF])
_SENDING = 256 << 10  # bytes that may wait for the front, as far as net.core.wmem_max lets: socket(7) doubles it
_JOINED = 8 << 10  # bytes of a body up to which a copy is cheaper than a second buffer for the kernel
_HOLD = 0.0015  # seconds for which output is held, where the application goes on
_MAX_RUN = 48 << 10  # bytes of chunks after which they leave at once
_MAX_HELD = 8 << 10  # bytes of a frame, after its header, that may be held
_HEADER_SIZE = HEADER.size
_FLAGS_AT = 5  # where they stand in a header


class Link:
    """A socket and its decoder."""

    filled = False  # the last read gave as much as was asked for: more is likely there

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
        missing = self._decoder.missing
        try:
            if missing > _LARGE:
                # Just the rest of a body: what comes behind it would be copied with it.
                data = self._socket.recv(missing, flags or socket.MSG_WAITALL)
            else:
                data = self._socket.recv(_RECEIVE, flags)
                self.filled = len(data) == _RECEIVE
        except ConnectionResetError:
            return None
        return self._decoder.feed(data) if data else None


class Run:
    """Chunks of one response that leave together. Its own thread appends, and whoever sends takes: each is atomic."""

    def __init__(self, id: int) -> None:
        self.id = id
        self.chunks: deque[bytes] = deque()
        self.size = 0  # bytes, about

    def take(self) -> bytes:
        chunks, taken = self.chunks, []
        self.size = 0
        while chunks:
            taken.append(chunks.popleft())
        return b''.join(taken)


class DataLink(Link):
    """Requests come, responses go. Several threads may send.

    What is sent with `hold` may wait for more, so that one write carries many frames: for less than two milliseconds,
    and no longer than until the next frame that is not held, or `flush`. It lies in the progress file meanwhile.
    """

    def __init__(
        self,
        progress: Progress,
        ticker: Ticker,
        types: frozenset[int] = DATA_LINK_TYPES,
        descriptor: int = DATA_DESCRIPTOR,
    ) -> None:
        """`types`: the frames that may come."""
        super().__init__(descriptor, types)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SENDING)
        self.broken = False
        self.busy = False  # more requests are likely there: the end of one is not the last thing to be sent
        self._progress = progress
        self._ticker = ticker
        ticker.looks.append(self._look)
        self._lock = allocate_lock()
        self._position = 0  # bytes that have been sent
        self._held = 0  # bytes that wait behind them
        self._last = 0  # where the last held frame begins, and whose it is
        self._last_id = 0
        self._run: Run | None = None  # what waits behind that
        self._held_since = 0.0  # when the first of what is held came
        self._forked = False
        os.register_at_fork(after_in_child=self._leave)

    def send(
        self, type: int, flags: int, id: int, count: int = 0, head: bytes = b'', body: bytes = b'', hold: bool = False
    ) -> None:
        """Send a whole frame. Raises ClientGone where the front has closed the link."""
        size = len(head) + len(body)
        header = pack_header(size, type, flags, count, id, len(head))
        with self._lock:
            if self._run is not None:
                self._flush()
            if size <= _MAX_HELD and (hold or self._held):
                if self._held + _HEADER_SIZE + size > CAPACITY:
                    self._flush()
                self._put(header + head, body, id)
                if not hold:
                    self._flush()
            else:
                if self._held:
                    self._flush()
                self._write(header + head, body)
        if hold:
            self._ticker.arm()

    def send_more(self, run: Run, chunk: bytes, size: int) -> None:
        """Hold a chunk of a response behind those before it: what comes quickly leaves in one frame.

        No lock is taken for most. Raises ClientGone where the front has closed the link.
        """
        run.chunks.append(chunk)
        run.size += size
        # In this order: a run that the ticker closes meanwhile keeps the chunk, and it is seen here.
        if self._run is not run or run.size >= _MAX_RUN:
            with self._lock:
                if self._run is not run:
                    self._flush()
                    self._run = run
                    self._held_since = perf_counter()
                if run.size >= _MAX_RUN:
                    self._flush()
            self._ticker.arm()

    def amend(self, id: int, flags: int) -> bool:
        """Add flags to the last frame, where that is of request `id` and is held. Whether it was."""
        with self._lock:
            if not self._held or self._last_id != id:
                return False
            self._progress.output[self._last + _FLAGS_AT] |= flags
            return True

    def flush(self) -> None:
        """Send what is held, before this thread waits for something. Raises nothing: the next to send is told."""
        if self._held or self._run is not None:
            with self._lock:
                try:
                    self._flush()
                except ClientGone:
                    pass

    def _look(self) -> float:
        """For the ticker: what has been held for long leaves, whatever the application does."""
        if not self._held and self._run is None:
            return 0.0
        due = self._held_since + _HOLD - perf_counter()
        if due > 0:
            return due
        self.flush()
        return _HOLD

    def _put(self, start: bytes, body: bytes, id: int) -> None:
        held, output = self._held, self._progress.output
        if held == 0:
            self._held_since = perf_counter()
            self._progress.hold_from(self._position)
        middle = held + len(start)
        self._held = end = middle + len(body)
        output[held:middle] = start
        output[middle:end] = body
        self._last, self._last_id = held, id
        self._progress.hold(end)

    def _flush(self) -> None:
        held, run = self._held, self._run
        if held:
            self._held = 0
            self._write(self._progress.output[:held], b'')
            self._progress.hold_from(self._position)
        if run is not None:
            self._run = None
            body = run.take()
            if body:
                self._write(pack_header(len(body), DATA, 0, 0, run.id, 0), body)

    def _write(self, start: bytes | memoryview, body: bytes | memoryview) -> None:
        size = len(body)
        try:
            if self._forked:
                raise OSError(errno.EBADF, 'this is a forked child, whose parent has the link')
            if size == 0:
                self._socket.sendall(start)
            elif size <= _JOINED:
                self._socket.sendall(start + body)
            else:
                self._send_both(start, body)
            self._position += len(start) + size
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

    def _leave(self) -> None:
        """In a forked child: another thread of the parent may have held the lock."""
        self._lock = allocate_lock()
        self._forked = True
        self._held = 0
        self._run = None


class ControlLink(Link):
    """Everything else, both ways."""

    def __init__(self, descriptor: int = CONTROL_DESCRIPTOR) -> None:
        super().__init__(descriptor, CONTROL_LINK_TYPES)
        self._lock = allocate_lock()  # the main thread says READY while the control thread answers STACKS

    def send(self, type: int, body: bytes, id: int = 0) -> None:
        with self._lock:
            self._socket.sendall(encode(type, id, body))
