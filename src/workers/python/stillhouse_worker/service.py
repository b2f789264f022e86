"""One request from its frame to the freed slot."""
from __future__ import annotations

import os
from io import BytesIO
from typing import Any, BinaryIO, Callable

from .body import deliver, deliver_list
from .endings import leave_child
from .environ import Environs, open_input
from .errors import AppError, ClientGone, InputError, RequestTimeout, body_too_long, describe
from .frames import INLINE, SHARED, STREAM, Frame, ProtocolError
from .interruption import calls_application
from .links import DataLink
from .records import ErrorStream, write_record
from .response import Response
from .running import Running, Slot
from .shared_bodies import SharedBodies
from .streaming_inbox import StreamingInbox
from .tracebacks import format_error, has_user_frames


class Service:
    """Calls the application. `target`: its name in messages, such as `web_app:application`.

    `shared`: where bodies are that came whole. `bodies`: where streamed ones come, if this app's do. `debug`: the front is given the traceback of a failure.
    """

    def __init__(
        self,
        application: Callable,
        target: str,
        constants: dict[str, Any],
        window: int,
        link: DataLink,
        running: Running,
        shared: SharedBodies,
        bodies: StreamingInbox | None = None,
        debug: bool = False,
    ) -> None:
        self._application = application
        self._target = target
        self._environs = Environs(constants)
        self._window = window
        self._link = link
        self._running = running
        self._shared = shared
        self._bodies = bodies
        self._debug = debug
        self._in_child = False
        os.register_at_fork(after_in_child=self._note_fork)
        self._warned: set[str] = set()

    @calls_application
    def run(self, frame: Frame, slot: Slot) -> None:
        """Run one request in a free slot. Raises ProtocolError alone: the application's exceptions end here."""
        _, flags, count, id, head, data = frame  # a third of what its attributes take
        environ = self._environs.make(head, count)
        request = environ.get('HTTP_X_REQUEST_ID')
        environ['wsgi.errors'] = errors = ErrorStream(request)
        response = Response(id, environ.get('REQUEST_METHOD') == 'HEAD', self._window, self._link, self._running)
        slot.response = response
        if self._running.cancelled_early:
            self._running.recall(response)
        environ['stillhouse.client_gone'] = response.client_gone
        close = body = None
        try:
            if flags == INLINE:
                environ['wsgi.input'] = BytesIO(data)
            elif flags == SHARED:
                environ['wsgi.input'] = BytesIO(self._shared.read(data))
            else:
                environ['wsgi.input'] = body = open_input(frame, environ, self._bodies, response.settle)
            if response.cancelled:
                raise ClientGone('the client has gone')
            result = self._application(environ, response.start_response)
            if self._in_child:
                leave_child()
            if type(result) is list or type(result) is tuple:
                if response.interruption is not None:
                    response.interruption.settle()
                deliver_list(result, response)
            else:
                close = getattr(result, 'close', None)
                deliver(result, response, close is None)
        except ProtocolError:
            raise
        except BaseException as error:
            try:  # here, and not in a function: that could be interrupted before its `try`
                response.settle()
            except RequestTimeout:
                pass
            self._fail(error, response, close is None, request)
        if close is not None:
            self._close(close, response, request)
        if response.dropped or response.too_long is not None:
            self._report(response, request)
        if not response.freed:
            self._free(response)
        if errors.partial:
            errors.flush()
        if body is not None:
            _close_input(body)
            if flags == STREAM:
                self._bodies.close_body(id)
        slot.response = None
        if response.interruption is not None:
            try:
                response.interruption.settle()
            except RequestTimeout:
                pass

    def _note_fork(self) -> None:
        self._in_child = True

    def _fail(self, error: BaseException, response: Response, free: bool, request: str | None) -> None:
        """Say why, then ABORT. SystemExit and KeyboardInterrupt are the request's failure too: the worker goes on."""
        if self._in_child:
            leave_child(error)
        if isinstance(error, (ClientGone, RequestTimeout)):
            return
        text = format_error(error)
        if isinstance(error, AppError):
            if error.code == 'APP_BODY_TOO_LONG':
                response.too_long = None  # said here
            traceback = text if has_user_frames(error) else error.traceback
            write_record('error', f'{self._target} {error}', error.code, traceback, request)
        elif isinstance(error, InputError):
            write_record('error', str(error), 'WORKER_INPUT_INCOMPLETE', request=request)
        else:
            message = f'{self._target} raised {describe(error)}'
            write_record('error', message, 'APP_EXCEPTION', text, request)
        try:
            response.abort(free, text if self._debug else '')
        except ClientGone:
            pass

    @calls_application
    def _close(self, close: Callable[[], None], response: Response, request: str | None) -> None:
        try:
            try:
                close()
            finally:
                if response.interruption is not None:
                    response.interruption.settle()
            if self._in_child:
                leave_child()
        except BaseException as error:
            if self._in_child:
                leave_child(error)
            message = f'{self._target}: close() of its body raised {describe(error)}'
            write_record('error', message, 'APP_CLOSE_FAILED', format_error(error), request)

    def _free(self, response: Response) -> None:
        try:
            response.free()
        except ClientGone:
            if self._in_child:
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
