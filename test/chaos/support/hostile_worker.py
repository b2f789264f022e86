#!/usr/bin/python3
"""A worker that lies: it speaks the worker protocol (docs/worker-protocol.md) in place of Python, and breaks it as its request's query asks.

`python.executable` names this file. A request for any path but /lie is answered as it should be. LIE_AT_BOOT names a lie of the start.
"""
import json
import os
import random
import select
import struct
import sys
import time

REQUEST, RESPONSE, DATA, ABORT, DONE = 1, 2, 3, 4, 5
START, READY, FAILED, CREDIT, CANCEL, STACKS, STOP, GIVE_BACK, RETURNED, GONE, PING = range(16, 27)
END, FREE = 1, 2
HEADER = struct.Struct('<IBBHII')
DATA_FD, CONTROL_FD, PROGRESS_FD = 3, 4, 5
MIB = 1 << 20


def frame(type, id=0, flags=0, head=b'', body=b'', count=0, head_size=None, size=None):
    size = len(head) + len(body) if size is None else size
    return HEADER.pack(size, type, flags, count, id, len(head) if head_size is None else head_size) + head + body


def write(fd, data):
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view):]


def data(*args, **more):
    write(DATA_FD, frame(*args, **more))


def control(*args, **more):
    write(CONTROL_FD, frame(*args, **more))


def read_exactly(fd, size):
    got = b''
    while len(got) < size:
        piece = os.read(fd, size - len(got))
        if not piece:
            os._exit(0)
        got += piece
    return got


def read_frame(fd):
    size, type, flags, count, id, head_size = HEADER.unpack(read_exactly(fd, HEADER.size))
    body = read_exactly(fd, size)
    return type, id, body[:head_size], body[head_size:]


def head(status=b'200 OK', *headers):
    return {'head': status + b'\0' + b''.join(name + b'\0' + value + b'\0' for name, value in headers), 'count': len(headers)}


def answer(id, status=b'200 OK', *headers, body=b'honest'):
    data(RESPONSE, id, END | FREE, **head(status, *headers), body=body)


def note_begun(id):
    os.pwrite(PROGRESS_FD, struct.pack('=I', id), 0)


def forge_progress(id):
    """Output that it has not held, from where it did not end, and ids that it was not given."""
    os.pwrite(PROGRESS_FD, struct.pack('=4I', id + 7, 0, 16_384, 0) + os.urandom(16_384), 0)
    os._exit(0)


def ready(version=1):
    control(READY, body=json.dumps({'version': version, 'language': 'python', 'runtime': '3', 'callable': 'application'}).encode())


def forever(send):
    """Until the front has enough of it; its links may be full, or closed."""
    while True:
        send()


def sleep():
    time.sleep(3600)


LIES = {
    # Heads that HTTP does not know, or that would be another head.
    'status-crlf': lambda id: answer(id, b'200 OK\r\nX-Forged: 1'),
    'status-not-a-number': lambda id: answer(id, b'OK then'),
    'status-empty': lambda id: answer(id, b''),
    'status-of-1xx': lambda id: answer(id, b'101 Switching Protocols'),
    'status-beyond': lambda id: answer(id, b'999 Beyond'),
    'header-name-empty': lambda id: answer(id, b'200 OK', (b'', b'x')),
    'header-name-space': lambda id: answer(id, b'200 OK', (b'X Y', b'x')),
    'header-name-crlf': lambda id: answer(id, b'200 OK', (b'X\r\nX-Forged', b'1')),
    'header-name-colon': lambda id: answer(id, b'200 OK', (b'X-Forged: 1\r\nX', b'1')),
    'header-value-crlf': lambda id: answer(id, b'200 OK', (b'X', b'1\r\nX-Forged: 1')),
    'header-value-lf': lambda id: answer(id, b'200 OK', (b'X', b'1\nX-Forged: 1')),
    'header-value-control': lambda id: answer(id, b'200 OK', (b'X', b'\x01\x1b[31m')),
    'length-twice': lambda id: answer(id, b'200 OK', (b'Content-Length', b'6'), (b'Content-Length', b'7')),
    'length-signed': lambda id: answer(id, b'200 OK', (b'Content-Length', b'+6')),
    'transfer-encoding': lambda id: answer(id, b'200 OK', (b'Transfer-Encoding', b'chunked'), (b'Connection', b'x'), body=b'0\r\n\r\nHTTP/1.1 200 OK\r\n'),
    'length-too-long': lambda id: answer(id, b'200 OK', (b'Content-Length', b'100')),
    'length-too-short': lambda id: answer(id, b'200 OK', (b'Content-Length', b'2')),
    # Frames that do not hold what they announce.
    'header-value-nul': lambda id: answer(id, b'200 OK', (b'X', b'1\0X-Forged\x001')),
    'count-too-large': lambda id: data(RESPONSE, id, END | FREE, head=b'200 OK\0', count=65_535),
    'count-too-small': lambda id: data(RESPONSE, id, END | FREE, head=b'200 OK\0X\x001\0', count=0),
    'head-without-end': lambda id: data(RESPONSE, id, END | FREE, head=b'200 OK', count=0),
    'head-size-over-size': lambda id: data(RESPONSE, id, END | FREE, head=b'200 OK\0', head_size=1 << 31),
    'frame-of-4-gb': lambda id: data(RESPONSE, id, size=(1 << 32) - 1),
    'frame-over-the-bound': lambda id: data(DATA, id, size=MIB + 1),
    'type-0': lambda id: data(0, id),
    'type-255': lambda id: data(255, id),
    'noise': lambda id: write(DATA_FD, bytes(range(256)) * 4096),
    # Frames at the wrong time, or for others.
    'request-upwards': lambda id: data(REQUEST, id, head=b'A\0B\0', count=1),
    'start-upwards': lambda id: data(START, id, body=b'{}'),
    'another-id': lambda id: answer(id + 1),
    'id-0': lambda id: answer(0),
    'data-before-response': lambda id: data(DATA, id, body=b'x'),
    'response-twice': lambda id: (data(RESPONSE, id, **head(), body=b'once'), data(RESPONSE, id, **head(), body=b'twice')),
    'data-after-end': lambda id: (data(RESPONSE, id, END, **head(), body=b'whole'), data(DATA, id, body=b'and more')),
    'answer-twice': lambda id: (answer(id, body=b'whole'), answer(id, body=b'again')),
    'done-before-end': lambda id: (data(RESPONSE, id, **head(), body=b'half'), data(DONE, id)),
    'done-without-response': lambda id: data(DONE, id),
    'free-without-end': lambda id: data(RESPONSE, id, FREE, **head(), body=b'half'),
    'abort-with-a-page': lambda id: data(ABORT, id, FREE, body=b'<script>'),
    'abort-in-the-middle': lambda id: (data(RESPONSE, id, **head(), body=b'half'), data(ABORT, id, FREE)),
    'more-than-credit': lambda id: (data(RESPONSE, id, **head()), [data(DATA, id, body=bytes(65_536)) for _ in range(1024)]),
    'one-frame-of-more-than-credit': lambda id: data(RESPONSE, id, END | FREE, **head(), body=bytes(MIB - 64)),
    'empty-data-for-ever': lambda id: (data(RESPONSE, id, **head()), forever(lambda: write(DATA_FD, frame(DATA, id) * 4096))),
    # The control link.
    'ready-again': lambda id: ready(),
    'failed-after-ready': lambda id: control(FAILED, body=json.dumps({'code': 'APP_IMPORT_FAILED', 'message': 'timeout \x1b[2J' + 'x' * 100_000, 'cure': ''}).encode()),
    'stacks-unasked': lambda id: control(STACKS, 0, body=b'File "/etc/passwd", line 1, in <module>'),
    'stacks-without-end': lambda id: forever(lambda: control(STACKS, 7, body=b'x' * (MIB - 1))),
    'ping-unasked': lambda id: control(PING, 4_000_000_000),
    'returned-unasked': lambda id: control(RETURNED, body=struct.pack('<I', id)),
    'credit-unasked': lambda id: control(CREDIT, id, body=struct.pack('<I', 1 << 30)),
    'credit-without-end': lambda id: forever(lambda: write(CONTROL_FD, frame(CREDIT, 99, body=struct.pack('<I', 1)) * 4096)),
    'response-on-the-control-link': lambda id: control(RESPONSE, id, END | FREE, **head()),
    'noise-on-the-control-link': lambda id: write(CONTROL_FD, os.urandom(4096)),
    # Ends.
    'data-link-closed': lambda id: (os.close(DATA_FD), sleep()),
    'control-link-closed': lambda id: (os.close(CONTROL_FD), sleep()),
    'both-links-closed': lambda id: (os.close(DATA_FD), os.close(CONTROL_FD), sleep()),
    'exit': lambda id: os._exit(0),
    'exit-and-deny': lambda id: (note_begun(0), os._exit(0)),
    'progress-forged': forge_progress,
    'progress-cut': lambda id: (os.ftruncate(PROGRESS_FD, 0), os._exit(0)),
    'half-a-frame': lambda id: (write(DATA_FD, frame(RESPONSE, id, size=100_000) + b'2'), sleep()),
    'half-a-header': lambda id: (write(DATA_FD, b'\x10\0\0'), sleep()),
    'never-answers': lambda id: sleep(),
    'never-ends': lambda id: (data(RESPONSE, id, **head(), body=b'half'), sleep()),
    'never-frees': lambda id: (data(RESPONSE, id, END, **head(), body=b'whole'), sleep()),
    # What it prints.
    'forged-records': lambda id: (forge(), answer(id)),
    'print-without-end': lambda id: (write(1, b'x' * (48 * MIB)), answer(id)),
    'print-many-lines': lambda id: (write(1, b'a line\n' * (4 * MIB)), answer(id)),
    'print-noise': lambda id: (write(2, os.urandom(8 * MIB)), answer(id)),
    'print-records-without-end': lambda id: (write(2, b'\x1e' * (8 * MIB)), answer(id)),
    'outputs-closed': lambda id: (os.close(1), os.close(2), answer(id)),
}


def frames_at_random(seed):
    """Frames of any type, id, flags and sizes, most of them as they should be, on both links."""
    chance = random.Random(seed)

    def send():
        type = chance.choice([RESPONSE, DATA, ABORT, DONE, READY, FAILED, CREDIT, STACKS, RETURNED, PING, chance.randrange(256)])
        text = chance.choice([b'', b'200 OK\0', b'200 OK\0X\0y\0', bytes(chance.randrange(9))])
        body = chance.choice([b'', b'x' * chance.randrange(70_000), b'{}', struct.pack('<I', chance.randrange(4))])
        made = frame(type, chance.choice([0, 1, 2, 3]), chance.randrange(8), text, body, chance.choice([0, 1, 2]))
        write(chance.choice([DATA_FD, CONTROL_FD]), made[:chance.choice([len(made)] * 20 + [chance.randrange(len(made))])])

    forever(send)


LIES.update({f'at-random-{seed}': lambda id, seed=seed: frames_at_random(seed) for seed in range(12)})


def forge():
    """Records that pretend to be the server's, another app's, or a line of their own."""
    for fields in (
        {'level': 'fatal', 'message': 'forged-level', 'code': 'RUNS_AS_ROOT', 'request': 'x\ny', 'app': 'good', 'kind': 'ready', 'worker': 1},
        {'level': 'error', 'message': 'forged-line\n{"level":"error","app":"good"}', 'code': 'APP_' + 'X' * 999},
        {'level': ['error'], 'message': 'forged-\x1b]0;title\x07\x1b[2J', 'cure': 1, 'traceback': {}},
        {'__proto__': {'level': 'error'}, 'message': 'forged-prototype', 'time': '1970', 'process': 'supervisor', 'msg': 'x'},
    ):
        write(2, b'\x1e' + json.dumps(fields).encode() + b'\n')
    write(2, b'\x1e{"level":"info","mess\n\x1e[]\n\x1enull\n{"level":"error","app":"good","msg":"forged-plain"}\n')


BOOT_LIES = {
    'never-ready': sleep,
    'ready-without-json': lambda: control(READY, body=b'{'),
    'ready-of-another-version': lambda: ready('timeout, by the server\x1b[2J'),
    'ready-of-a-megabyte': lambda: control(READY, body=b'[' * (MIB - 1)),
    'failed-without-json': lambda: control(FAILED, body=b'\xff\xfe'),
    'failed-with-an-unknown-code': lambda: control(FAILED, body=b'{"code":"toString","message":"m","cure":"c"}'),
    'failed-with-controls': lambda: control(FAILED, body=json.dumps({'code': 'APP_IMPORT_FAILED', 'message': '\x1b[2J\r\nforged', 'cure': 'c' * 500_000, 'traceback': 't' * 500_000}).encode()),
    'answers-before-it-is-asked': lambda: answer(1),
    'data-before-it-is-ready': lambda: data(DATA, 1, body=b'x' * 65_536),
    'credit-before-it-is-ready': lambda: control(CREDIT, 1, body=struct.pack('<I', 1)),
    'ready-on-the-data-link': lambda: data(READY, 0, body=b'{}'),
    'exits': lambda: os._exit(0),
    'closes-a-link': lambda: (os.close(DATA_FD), sleep()),
}


def main():
    lie = os.environ.get('LIE_AT_BOOT', '')
    marker = os.environ.get('HONEST_ONCE', '')
    read_frame(CONTROL_FD)
    if lie and (not marker or os.path.exists(marker)):
        BOOT_LIES[lie]()
        sleep()
    if marker:
        open(marker, 'w').close()
    ready()
    stubborn = False
    while True:
        for fd in select.select([DATA_FD, CONTROL_FD], [], [])[0]:
            type, id, head, body = read_frame(fd)
            if type == STOP:
                if stubborn:
                    after_stop()
                return
            if type == PING:
                control(PING, id)
            if type == STACKS:
                control(STACKS, id, body=b'File "hostile.py", line 1, in <module>')
            if type == REQUEST:
                note_begun(id)
                environ = dict(zip(*[iter(head.decode('latin-1').split('\0'))] * 2))
                if environ['PATH_INFO'] == '/stubborn':
                    stubborn = True
                if environ['PATH_INFO'] == '/lie':
                    LIES[environ['QUERY_STRING']](id)
                else:
                    answer(id)


def after_stop():
    ready()
    answer(1)
    write(1, b'still here\n')
    sleep()


if __name__ == '__main__':
    try:
        main()
    except OSError:
        sys.exit(1)  # a link is closed
