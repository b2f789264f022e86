"""The front's side of the worker protocol, for tests: a worker process at the ends of two socket pairs.

Its codec is written here once more, from docs/worker-protocol.md alone, so that a mistake of the worker's own shows.
"""
import fcntl
import json
import os
import re
import select
import socket
import struct
import sys
import tempfile
import termios
import textwrap
import time
import unittest
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
BOOT = ROOT / 'src' / 'workers' / 'python' / 'boot.py'
DEADLINE = 20  # seconds until a test gives up waiting

REQUEST, RESPONSE, DATA, ABORT, DONE = 1, 2, 3, 4, 5
START, READY, FAILED, CREDIT, CANCEL, STACKS, STOP, GIVE_BACK, RETURNED = 16, 17, 18, 19, 20, 21, 22, 23, 24
GONE = 25
END, FREE, INLINE, PATH, STREAM, SLOW, INTERRUPT, SHARED = 1, 2, 4, 8, 16, 32, 64, 128
HEADER = struct.Struct('<IBBHII')


class Frame(NamedTuple):
    type: int
    flags: int
    count: int
    id: int
    head: bytes
    body: bytes


class Response(NamedTuple):
    """What the client would see. `frames`: (type, flags) of each frame. `aborted`: 500, or the connection is cut.

    `slow`: the frame that freed the slot had the flag SLOW, which `frames` leaves out: it is a matter of time.
    """

    status: str
    headers: list
    body: bytes
    frames: list
    aborted: bool
    slow: bool


class Worker:
    """A worker that imports `source` as web_app.py in a new folder; more files by `files={'name.py': source}`."""

    def __init__(self, source=None, files=(), python=sys.executable, script=(), ready=True, **start):
        self.folder = tempfile.TemporaryDirectory(prefix='stillhouse-test-')
        self.directory = Path(os.path.realpath(self.folder.name))
        for name, text in {**({} if source is None else {'web_app.py': source}), **dict(files)}.items():
            path = self.directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text), 'utf-8')
        self.data, data_end = socket.socketpair()
        self.control, control_end = socket.socketpair()
        self.stdout, stdout_end = os.pipe()
        self.stderr, stderr_end = os.pipe()
        self.buffers = {self.data: b'', self.control: b'', self.stdout: b'', self.stderr: b''}
        self.received = 0  # bytes of the data link
        self.progress = tempfile.TemporaryFile()
        self.progress.truncate(16 + (16 << 10))
        self.bodies = tempfile.TemporaryFile()
        self.next_id = 1
        self.status = None
        self.pid = spawn(
            [python, *(script or [str(BOOT)])],
            [stdout_end, stderr_end, data_end.fileno(), control_end.fileno(), self.progress.fileno(), self.bodies.fileno()],
        )
        for end in (data_end, control_end):
            end.close()
        os.close(stdout_end)
        os.close(stderr_end)
        fields = {'app': 'test', 'directory': str(self.directory), 'module': 'web_app', 'file': None, 'threads': 1}
        fields.update(version=1, callable='application', multiprocess=False, window=262144, streaming=False)
        fields.update(debug=False, lint=False)
        fields.update({key: self.resolve(value) for key, value in start.items()})
        self.tell(START, json.dumps(fields).encode())
        if ready:
            self.ready = self.hear(READY)

    def resolve(self, value):
        return value.replace('$DIR', str(self.directory)) if isinstance(value, str) else value

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.data.close()
        self.control.close()  # the worker kills its process group
        if self.status is None:
            self.wait()
        os.close(self.stdout)
        os.close(self.stderr)
        self.progress.close()
        self.bodies.close()
        self.folder.cleanup()

    def share(self, body, offset=0):
        """Put a body into the file of bodies; what a REQUEST says of it."""
        os.pwrite(self.bodies.fileno(), body, offset)
        return struct.pack('<II', offset, len(body))

    # Progress file

    def begun(self):
        """The highest id that the worker has begun."""
        return struct.unpack('=I', os.pread(self.progress.fileno(), 4, 0))[0]

    def unsent(self):
        """What the worker holds back, behind all that was received."""
        _, position, held = struct.unpack('=3I', os.pread(self.progress.fileno(), 12, 0))
        skipped = (self.received - position) % 2**32
        return os.pread(self.progress.fileno(), held, 16)[skipped:] if skipped < held else b''

    # Control link

    def tell(self, type, body=b'', id=0, flags=0):
        self.control.sendall(HEADER.pack(len(body), type, flags, 0, id, 0) + body)

    def hear(self, type):
        """The JSON or text of the next control frame, which has to be of this type."""
        frame = self.frame(self.control)
        if frame is None:
            raise AssertionError(f'the worker ended its control link; stderr: {self.read_stderr()}')
        if frame.type != type:
            raise AssertionError(f'control frame {frame}')
        return frame.body.decode() if type == STACKS else json.loads(frame.body)

    def stacks(self, pattern):
        """The stacks, once they show this pattern."""
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline:
            self.tell(STACKS)
            text = self.hear(STACKS)
            if re.search(pattern, text):
                return text
        raise AssertionError(f'no {pattern} in {text}')

    def credit(self, size, id):
        self.tell(CREDIT, struct.pack('<I', size), id)

    def interrupt(self, id):
        """The time of this request has passed."""
        self.tell(CANCEL, id=id, flags=INTERRUPT)

    def settle(self):
        """Returns when the control thread, which reads in order, has seen all that it was told."""
        self.tell(STACKS)
        return self.hear(STACKS)

    def ask_back(self):
        """Ask for the requests that have not begun."""
        self.tell(GIVE_BACK)

    def returned(self):
        """The ids in the next control frame, which has to be RETURNED."""
        frame = self.frame(self.control)
        if frame is None or frame.type != RETURNED:
            raise AssertionError(f'control frame {frame}')
        return [id for (id,) in struct.iter_unpack('<I', frame.body)]

    # Data link

    def send(self, path='/', method='GET', body=b'', flags=INLINE, id=None, **environ):
        """Send a request; its id."""
        id = id or self.next_id
        self.next_id = id + 1
        pairs = {
            'REQUEST_METHOD': method, 'SCRIPT_NAME': '', 'PATH_INFO': path, 'QUERY_STRING': '',
            'SERVER_NAME': 'localhost', 'SERVER_PORT': '8051', 'SERVER_PROTOCOL': 'HTTP/1.1',
            'wsgi.url_scheme': 'http', 'CONTENT_LENGTH': str(len(body)), 'HTTP_X_REQUEST_ID': f'r{id}', **environ,
        }  # fmt: skip
        head = ''.join(f'{key}\0{value}\0' for key, value in pairs.items()).encode('latin-1')
        self.data.sendall(HEADER.pack(len(head) + len(body), REQUEST, flags, len(pairs), id, len(head)) + head + body)
        return id

    def get(self, path='/', **more):
        """Send a request, and collect its response."""
        return self.collect(self.send(path, **more))

    def frame(self, link=None):
        """The next frame of a link, of the data link if none is named; None at the end."""
        link = link or self.data
        while True:
            buffer = self.buffers[link]
            if len(buffer) >= HEADER.size:
                size, type, flags, count, id, head_size = HEADER.unpack_from(buffer)
                end = HEADER.size + size
                if len(buffer) >= end:
                    self.buffers[link] = buffer[end:]
                    payload = buffer[HEADER.size:end]
                    return Frame(type, flags, count, id, payload[:head_size], payload[head_size:])
            if not self.fill(link):
                return None

    def feed(self, id, body=b'', flags=0, type=DATA):
        """Send bytes of a streamed body."""
        self.data.sendall(HEADER.pack(len(body), type, flags, 0, id, 0) + body)

    def wanted(self, id):
        """The bytes of the body of `id` that the worker asks for in its next control frame, which has to be CREDIT."""
        frame = self.frame(self.control)
        if frame is None or frame.type != CREDIT or frame.id != id:
            raise AssertionError(f'control frame {frame}')
        return struct.unpack('<I', frame.body)[0]

    def collect(self, id, credit=True):
        """The whole response to a request, until its slot is free."""
        status, headers, body, frames, aborted = '', [], b'', [], False
        while True:
            frame = self.frame()
            if frame is None:
                raise AssertionError(f'the worker ended its data link; stderr: {self.read_stderr()}')
            if frame.id != id:
                raise AssertionError(f'{frame} while waiting for request {id}')
            frames.append((frame.type, frame.flags & ~SLOW))
            body += frame.body
            if credit and frame.body and not frame.flags & END:  # after END the worker may be gone
                self.credit(len(frame.body), id)
            if frame.type == RESPONSE:
                status, *parts, last = frame.head.decode('latin-1').split('\0')
                assert last == '' and len(parts) == 2 * frame.count, frame
                headers = list(zip(parts[::2], parts[1::2]))
            aborted = aborted or frame.type == ABORT
            if frame.type == DONE or frame.flags & FREE:
                return Response(status, headers, body, frames, aborted, bool(frame.flags & SLOW))

    def wait_until_it_sends_in_vain(self):
        """Wait until the data link is full, since nobody reads it, and the worker's main thread sleeps in a send."""
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline:
            waiting = struct.unpack('i', fcntl.ioctl(self.data, termios.FIONREAD, b'\0' * 4))[0]
            state = Path(f'/proc/{self.pid}/stat').read_text().rpartition(')')[2].split()[0]
            if waiting > 100_000 and state == 'S':
                return
            time.sleep(0.005)
        raise AssertionError('the worker never waited in a send')

    # Descriptors 1 and 2, and the end

    def fill(self, source):
        if not select.select([source], [], [], DEADLINE)[0]:
            raise AssertionError(f'nothing came within {DEADLINE} s; so far {self.buffers}')
        data = source.recv(1 << 20) if isinstance(source, socket.socket) else os.read(source, 1 << 20)
        self.buffers[source] += data
        if source is self.data:
            self.received += len(data)
        return data

    def line(self, source):
        """The next line that the worker wrote to `stdout` or `stderr`."""
        while b'\n' not in self.buffers[source]:
            if not self.fill(source):
                raise AssertionError(f'the end came before a line: {self.buffers[source]}')
        line, _, self.buffers[source] = self.buffers[source].partition(b'\n')
        return line.decode()

    def record(self):
        """The next record of the worker, which has to be the next line on stderr."""
        line = self.line(self.stderr)
        assert line[0] == '\x1e', f'no record: {line}'
        return json.loads(line[1:])

    def no_more_records(self):
        """Stop the worker, and see that it wrote nothing more to stderr."""
        self.stop()
        return self.read_stderr() == ''

    def read_stderr(self):
        while self.fill(self.stderr):
            pass
        return self.buffers[self.stderr].decode()

    def stop(self):
        self.tell(STOP)
        return self.wait()

    def wait(self):
        """The worker's exit status; minus the number of a signal that killed it."""
        deadline = time.monotonic() + DEADLINE
        while self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)
            elif time.monotonic() > deadline:
                os.kill(self.pid, 9)
                os.waitpid(self.pid, 0)
                self.status = -9
                raise AssertionError('the worker did not end')
            else:
                time.sleep(0.005)
        return self.status


def spawn(command, descriptors):
    """Start `command` in its own session with these as its descriptors 1, 2, 3, …; its pid."""
    high = [fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 20) for descriptor in descriptors]
    actions = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)]
    actions += [(os.POSIX_SPAWN_DUP2, source, target) for target, source in enumerate(high, 1)]
    environ = {**os.environ, 'PYTHONDONTWRITEBYTECODE': '1'}
    try:
        return os.posix_spawnp(command[0], command, environ, file_actions=actions, setsid=True)
    finally:
        for descriptor in high:
            os.close(descriptor)


class WorkerTestCase(unittest.TestCase):
    """Tests that share one worker with the application `APP`."""

    APP = ''
    START = {}

    @classmethod
    def setUpClass(cls):
        cls.worker = Worker(cls.APP, **cls.START)
        cls.addClassCleanup(cls.worker.__exit__)

    def failed(self, path, code, *words, level='error', **request):
        """The response to a request whose record has this code, and these words in its message or traceback."""
        response = self.worker.get(path, **request)
        record = self.worker.record()
        self.assertEqual((record.get('code'), record['level']), (code, level), record)
        self.assertEqual(record['request'], f'r{self.worker.next_id - 1}')
        for word in words:
            self.assertIn(word, record['message'] + record.get('traceback', ''))
        return response

    def refused(self, path, code, *words, **request):
        """A request that gets 500: ABORT before any RESPONSE."""
        self.assertEqual(self.failed(path, code, *words, **request).frames[0][0], ABORT)
