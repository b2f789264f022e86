"""One request from its frame to the freed slot."""
from __future__ import annotations

import os
from typing import Any, BinaryIO, Callable

from .body import deliver, deliver_list
from .endings import leave_child
from .environ import InputError, open_input
from .errors import AppError, ClientGone, body_too_long, describe
from .frames import INLINE, STREAM, Frame, ProtocolError, decode_pairs
from .links import DataLink
from .records import ErrorStream, write_record
from .response import Response
from .running import Running
from .streaming_inbox import StreamingInbox
from .tracebacks import format_error, has_user_frames


class Service:
    """Calls the application. `target`: its name in messages, such as `web_app:application`.

    `bodies`: where streamed ones come, if this app's do.
    """

    def __init__(
        self,
        application: Callable,
        target: str,
        constants: dict[str, Any],
        window: int,
        link: DataLink,
        running: Running,
        bodies: StreamingInbox | None = None,
    ) -> None:
        self._application = application
        self._target = target
        self._constants = constants
        self._window = window
        self._link = link
        self._running = running
        self._bodies = bodies
        self._pid = os.getpid()
        self._warned: set[str] = set()

    def run(self, frame: Frame) -> None:
        """Run one request. Raises ProtocolError alone: the application's exceptions end here."""
        environ = decode_pairs(frame.head, frame.count)
        request = environ.get('HTTP_X_REQUEST_ID')
        environ.update(self._constants)
        environ['wsgi.errors'] = errors = ErrorStream(request)
        response = Response(frame.id, environ.get('REQUEST_METHOD') == 'HEAD', self._window, self._link, self._running)
        self._running.add(response)
        close = body = None
        try:
            environ['wsgi.input'] = body = open_input(frame, environ, self._bodies)
            if response.cancelled:
                raise ClientGone('the client has gone')
            result = self._application(environ, response.start_response)
            if os.getpid() != self._pid:
                leave_child()
            if type(result) is list or type(result) is tuple:
                deliver_list(result, response)
            else:
                close = getattr(result, 'close', None)
                deliver(result, response, close is None)
        except ProtocolError:
            raise
        except BaseException as error:
            self._fail(error, response, close is None, request)
        if close is not None:
            self._close(close, request)
        if response.dropped or response.too_long is not None:
            self._report(response, request)
        if not response.freed:
            self._free(response)
        if errors.partial:
            errors.flush()
        if body is not None and frame.flags != INLINE:
            _close_input(body)
            if frame.flags == STREAM:
                self._bodies.close_body(frame.id)
        self._running.remove(response)

    def _fail(self, error: BaseException, response: Response, free: bool, request: str | None) -> None:
        """Say why, then ABORT. SystemExit and KeyboardInterrupt are the request's failure too: the worker goes on."""
        if os.getpid() != self._pid:
            leave_child(error)
        if isinstance(error, ClientGone):
            return
        if isinstance(error, AppError):
            traceback = format_error(error) if has_user_frames(error) else error.traceback
            write_record('error', f'{self._target} {error}', error.code, traceback, request)
        elif isinstance(error, InputError):
            write_record('error', str(error), 'WORKER_INPUT_INCOMPLETE', request=request)
        else:
            message = f'{self._target} raised {describe(error)}'
            write_record('error', message, 'APP_EXCEPTION', format_error(error), request)
        try:
            response.abort(free)
        except ClientGone:
            pass

    def _close(self, close: Callable[[], None], request: str | None) -> None:
        try:
            close()
        except BaseException as error:
            if os.getpid() != self._pid:
                leave_child(error)
            message = f'{self._target}: close() of its body raised {describe(error)}'
            write_record('error', message, 'APP_CLOSE_FAILED', format_error(error), request)

    def _free(self, response: Response) -> None:
        try:
            response.free()
        except ClientGone:
            if os.getpid() != self._pid:
                leave_child()

    def _report(self, response: Response, request: str | None) -> None:
        if response.too_long is not None:
            error = body_too_long(response.too_long)
            write_record('error', f'{self._target} {error}', error.code, request=request)
        for name in response.dropped:
            if name not in self._warned:  # once per worker: it would be said for every response, and drown the rest
                self._warned.add(name)
                message = f'{self._target} set the hop-by-hop header {name}, which is dropped: it belongs to the server'
                message += ' (PEP 3333, "Other HTTP Features"); said once; cure: leave it out'
                write_record('warn', message, 'APP_HOP_BY_HOP', request=request)


def _close_input(body: BinaryIO) -> None:
    try:
        body.close()
    except ValueError:
        pass  # the application detached the file from its buffer, and has it now
