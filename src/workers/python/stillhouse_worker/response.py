"""One response: PEP 3333's start_response and write(), and the frames they become."""
from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any, Callable

from . import errors
from .frames import ABORT, DATA, DONE, END, FREE, MAX_DATA, MAX_SENT, RESPONSE, SLOW
from .headers import MAX_HEAD, Head, encode_head, with_length
from .links import Run

if TYPE_CHECKING:
    from _thread import LockType

    from .interruption import ThreadInterruption
    from .links import DataLink
    from .running import Running


_QUICK = 0.001  # seconds; the front sends requests ahead of time to a worker whose requests are all as quick as that
_MAX_JOINED = 4 << 10  # bytes of a chunk that is joined with others
_MAX_WHOLE = MAX_SENT - MAX_HEAD  # body bytes that fit a frame beside any head


class Response:
    """The states: no head, a head that can still be replaced, head sent (`committed`), `ended` (END or ABORT is sent),
    `freed` (the front knows that the slot is free). `finished`: the application's part is over, write() is too late.

    `granted` and `sent` count body bytes: the difference is what the front's window lets pass.
    """

    # What most responses leave as it is stands here once, and costs them nothing.
    sent = 0
    cancelled = half_closed = committed = ended = freed = finished = False
    too_long: int | None = None  # the Content-Length that the body passed
    dropped: tuple[str, ...] = ()
    interruption: ThreadInterruption | None = None  # an exception may be on its way to this request's thread
    interrupted = False
    bell: LockType | None = None  # let go when there is more room, or none will come, for less than a Condition
    _run: Run | None = None  # chunks that leave together: of a body without a length that is no event stream
    _chunk_at = 0.0  # when the last chunk was given
    _head: Head | None = None
    _fault: Exception | None = None

    def __init__(self, id: int, is_head: bool, window: int, link: DataLink, running: Running) -> None:
        self.id = id
        self.granted = window
        self.began = perf_counter()
        self._link = link
        self._running = running
        self._is_head = is_head

    def start_response(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable:
        """PEP 3333, "The start_response() Callable". Raises AppError for what it forbids, and exc_info too late."""
        if exc_info:
            try:
                if self.committed and exc_info[1] is not None:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None  # a cycle through the frame would keep the traceback alive
        elif self._head is not None or self._fault is not None:
            self._fault = errors.start_response_twice()
            raise self._fault
        if self.committed:
            self._fault = errors.start_response_twice()
            raise self._fault
        try:
            self._head = head = encode_head(status, headers)
        except errors.AppError as error:
            self._head = None  # an application that catches it has no head all the same
            self._fault = error
            raise
        if self._fault is not None:
            self._fault = None
        if head.dropped:
            self.dropped = head.dropped
        return self.write

    def write(self, data: bytes) -> None:
        """PEP 3333, "The write() Callable": the bytes are on their way when it returns.

        Raises AppError, also for what passes Content-Length, and ClientGone.
        """
        self.settle()
        if not isinstance(data, bytes):
            raise errors.chunk_not_bytes(data, 'wrote')
        if self.finished:
            raise errors.write_after_end()
        if data:
            self.send(data)
            if self.too_long is not None:
                raise errors.body_too_long(self.too_long)

    def settle(self) -> None:
        """The application gives way to our code: an interruption that is on its way is raised here, and not later."""
        if self.interruption is not None:
            self.interruption.settle()

    def client_gone(self) -> bool:
        """`environ['stillhouse.client_gone']`: whether the client has closed its side, or nobody waits any more."""
        return self.cancelled or self.half_closed

    @property
    def head(self) -> Head:
        """Raises the application's fault where there is no valid head."""
        if self._fault is not None:
            raise self._fault
        if self._head is None:
            raise errors.start_response_missing()
        return self._head

    @property
    def drops_body(self) -> bool:
        """RFC 9110, sections 6.4.1 and 9.3.2: responses that have no body on the wire."""
        return self._is_head or self.head.bodyless

    def send_whole(self, body: bytes) -> bool:
        """Send a complete response in one frame and free the slot; False where it is not as simple as that."""
        if self._head is None or self._fault is not None or self.committed or self._is_head:
            return False
        data, count, bodyless, _, length, _, _ = self._head
        size = len(body)
        if bodyless or (length is not None and length != size) or size > self.granted or size > _MAX_WHOLE:
            return False
        # Before the frame leaves: a thread that still has write() must not send behind it.
        self.sent = size
        self.committed = self.ended = self.freed = self.finished = True
        if perf_counter() - self.began > _QUICK:
            self._link.send(RESPONSE, END | FREE | SLOW, self.id, count, data, body)
        else:
            # More is to be done: its end may leave with others.
            self._link.send(RESPONSE, END | FREE, self.id, count, data, body, self._link.busy)
        return True

    def _pace(self) -> int:
        """The flag of a frame that frees the slot: whether the request has held it for long."""
        return SLOW if perf_counter() - self.began > _QUICK else 0

    def set_length(self, length: int) -> None:
        """Add the Content-Length that a body of known size has, where the application gave none (PEP 3333)."""
        if not self.committed and self.head.length is None and self.head.code not in (204, 304):
            self._head = with_length(self.head, length)

    def send(self, chunk: bytes) -> bool:
        """Send body bytes, not empty, with the head before the first; what passes Content-Length is cut off.

        Whether more is of use: not where the response has no body, or has passed its length.
        """
        run = self._run
        if run is not None and not self.cancelled:
            size = len(chunk)
            now = perf_counter()
            # A chunk that comes soon after the one before is likely not the last that does: they leave together.
            soon = now - self._chunk_at < _QUICK
            self._chunk_at = now
            if soon and size <= _MAX_JOINED and self.sent + size <= self.granted:
                self.sent += size
                self._link.send_more(run, chunk, size)
                return True
        head = self._head
        if head is None or self._fault is not None:
            head = self.head  # which raises
        if self.cancelled:
            raise errors.ClientGone('the client has gone')
        if self._is_head or head.bodyless:
            return False
        length = head.length
        if length is not None and len(chunk) > length - self.sent:
            self.too_long = length
            chunk = memoryview(chunk)[:length - self.sent]
        if len(chunk) > MAX_DATA or len(chunk) > self.granted - self.sent:
            self._send_pieces(chunk, length)
        elif len(chunk) or not self.committed:
            self._send_piece(chunk, length)
        return self.too_long is None

    def _send_pieces(self, chunk: bytes, length: int | None) -> None:
        """In frames of a bounded size, each when the window lets it pass."""
        rest = memoryview(chunk)
        while rest:
            room = self.granted - self.sent
            if room <= 0:
                room = self._running.wait_for_room(self)
            piece = rest[:min(room, MAX_DATA)]
            self._send_piece(piece, length)
            rest = rest[len(piece):]

    def _send_piece(self, piece: bytes, length: int | None) -> None:
        self.sent += len(piece)
        self.ended = self.sent == length
        self._send(piece, END if self.ended else 0)

    def _send(self, body: bytes, flags: int) -> None:
        hold = flags & END and self._link.busy and perf_counter() - self.began < _QUICK
        if self.committed:
            self._link.send(DATA, flags, self.id, body=body, hold=hold)
        else:
            head = self.head
            self.committed = True
            if head.length is None and not head.events and not flags:
                self._run = Run(self.id)
                self._chunk_at = perf_counter()
            self._link.send(RESPONSE, flags, self.id, head.count, head.data, body, hold)

    def end(self, free: bool) -> None:
        """The body is complete; `free`: nothing of the application runs any more. Raises AppError if it is short."""
        self.finished = True
        if self.ended and self._fault is None:
            return
        length, drops_body = self.head.length, self.drops_body
        if self.ended:
            return
        if self.cancelled:
            raise errors.ClientGone('the client has gone')
        if not drops_body and length is not None and self.sent < length:
            if not self.committed:
                self._send(b'', 0)
            raise errors.body_too_short(length, self.sent)
        if self._is_head and length is None:
            # Not one frame: an END there would say that the body of a GET has length 0.
            self._send(b'', 0)
        self.ended, self.freed = True, free
        self._send(b'', END | FREE | self._pace() if free else END)

    def abort(self, free: bool, why: str = '') -> None:
        """The application failed: 500, or the connection is cut. Nothing after END. `why`: for the client to see."""
        self.finished = True
        if not self.ended:
            self.ended, self.freed = True, free
            body = why.encode('utf-8', 'backslashreplace')[-MAX_DATA:]
            self._link.send(ABORT, FREE | self._pace() if free else 0, self.id, body=body)

    def free(self) -> None:
        """Say that the slot is free, if that is not said yet."""
        if not self.ended:
            self.abort(free=True)
        elif not self.freed:
            self.freed = True
            pace = self._pace()
            # Most often the end of the response is still held, and says it too.
            if not self._link.amend(self.id, FREE | pace):
                self._link.send(DONE, pace, self.id, hold=self._link.busy and not pace)
