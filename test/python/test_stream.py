"""Request bodies that are read while they come."""
import hashlib
import os
import select
import struct
import unittest

from harness import ABORT, CANCEL, DATA, END, FREE, GIVE_BACK, RESPONSE, STOP, STREAM, Worker, WorkerTestCase

APP = r'''
import hashlib, threading

def application(environ, start_response):
    return globals()[environ['PATH_INFO'][1:]](environ, start_response)

def plain(environ, start_response):
    start_response('200 OK', [])
    return [b'plain']

def methods(environ, start_response):
    body = environ['wsgi.input']
    first = [body.read(2), body.readline(), body.readline(3), body.readlines(1), list(body)]
    start_response('200 OK', [])
    return [repr(first + [body.read(), body.read(5), body.readline(), list(body)]).encode()]

def digest(environ, start_response):
    sum, size = hashlib.sha256(), 0
    for block in iter(lambda: environ['wsgi.input'].read(10_000), b''):
        sum.update(block)
        size += len(block)
    start_response('200 OK', [])
    return [f'{size} {sum.hexdigest()}'.encode()]

def whole(environ, start_response):
    body = environ['wsgi.input'].read(3) + environ['wsgi.input'].read()
    start_response('200 OK', [])
    return [hashlib.sha256(body).hexdigest().encode()]

def echo(environ, start_response):
    start_response('200 OK', [])
    return iter(lambda: environ['wsgi.input'].read1(5), b'')

def first(environ, start_response):
    start_response('200 OK', [])
    return [environ['wsgi.input'].read(5)]

def catches(environ, start_response):
    seen = []
    for _ in range(2):
        try:
            environ['wsgi.input'].read()
        except OSError as error:
            seen.append(f'{type(error).__name__} {isinstance(error, ConnectionError)} {error}')
    start_response('200 OK', [])
    return ['\n'.join(seen).encode()]

def in_a_thread(environ, start_response):
    seen = []
    reader = threading.Thread(target=lambda: seen.append(environ['wsgi.input'].read()))
    reader.start()
    reader.join()
    start_response('200 OK', [])
    return seen

def about(environ, start_response):
    start_response('200 OK', [])
    return [repr([environ.get('CONTENT_LENGTH'), environ['wsgi.input_terminated']]).encode()]
'''
BODY = b'abcd\nefghij\nkl\nmn'
READ = [b'ab', b'cd\n', b'efg', [b'hij\n'], [b'kl\n', b'mn'], b'', b'', b'', []]
WINDOW = 100_000


class Streamed(WorkerTestCase):
    APP = APP
    START = {'streaming': True, 'window': WINDOW}

    def post(self, path, **more):
        return self.worker.send(path, method='POST', flags=STREAM, **more)

    def test_nothing_is_asked_for_before_the_first_read_and_then_a_window(self):
        self.assertEqual(self.worker.collect(self.post('/about')).body, b"['0', True]")
        id = self.post('/first')
        self.assertEqual(self.worker.wanted(id), WINDOW)  # nothing of /about stands before it
        self.worker.feed(id, b'12345678')
        self.assertEqual(self.worker.collect(id).body, b'12345')

    def test_the_methods_of_a_file_and_a_sticky_end(self):
        for size in (1, 2, 5, 100):
            id = self.post('/methods')
            self.assertEqual(self.worker.wanted(id), WINDOW)
            for at in range(0, len(BODY), size):
                self.worker.feed(id, BODY[at:at + size])
            self.worker.feed(id, flags=END)
            self.assertEqual(eval(self.worker.collect(id).body), READ)

    def test_an_empty_body_and_an_end_with_bytes(self):
        for pieces, flags in (([b''], END), ([b'ab', b'c'], END)):
            id = self.post('/digest')
            self.worker.wanted(id)
            for piece in pieces[:-1]:
                self.worker.feed(id, piece)
            self.worker.feed(id, pieces[-1], flags)
            body = b''.join(pieces)
            self.assertEqual(self.worker.collect(id).body.decode(), f'{len(body)} {hashlib.sha256(body).hexdigest()}')

    def test_no_more_is_asked_for_than_was_read(self):
        for path in ('/digest', '/whole', '/in_a_thread'):
            body = os.urandom(1_000_000)
            id = self.post(path)
            credit, at = self.worker.wanted(id), 0
            while at < len(body):
                size = min(credit, 30_000)
                self.worker.feed(id, body[at:at + size])
                at, credit = at + size, credit - size
                if credit < WINDOW // 2 and at < len(body):
                    credit += self.worker.wanted(id)
                self.assertLessEqual(credit, WINDOW)
            self.worker.feed(id, flags=END)
            answer = self.worker.collect(id).body
            expected = hashlib.sha256(body).hexdigest().encode()
            self.assertIn(expected, hashlib.sha256(answer).hexdigest().encode() if path == '/in_a_thread' else answer)
            for _ in range(2):  # what crossed with the end of the request
                self.drain_controls()

    def drain_controls(self):
        """See that the control link still answers, whatever CREDIT came before."""
        self.worker.tell(GIVE_BACK)
        while self.worker.frame(self.worker.control).type == 19:
            pass

    def test_reading_and_writing_in_turn(self):
        id = self.post('/echo')
        self.worker.wanted(id)
        for piece in (b'one', b'two'):
            self.worker.feed(id, piece)
            frame = self.worker.frame()
            self.assertEqual((frame.type, frame.body), (RESPONSE if piece == b'one' else DATA, piece))
        self.worker.feed(id, flags=END)
        self.assertEqual(self.worker.collect(id).body, b'')

    def test_what_comes_after_the_request_is_thrown_away(self):
        id = self.post('/first')
        self.worker.wanted(id)
        self.worker.feed(id, b'12345')
        self.assertEqual(self.worker.collect(id).body, b'12345')
        self.worker.feed(id, b'more', END)
        self.worker.feed(id, b'RESPONSE_ENDED: x', type=ABORT)
        self.assertEqual(self.worker.get('/plain').body, b'plain')

    def test_a_body_that_is_cut_short_raises_again_and_again(self):
        id = self.post('/catches')
        self.worker.wanted(id)
        self.worker.feed(id, b'a part')
        self.worker.feed(id, b'BODY_TRUNCATED: the client closed', type=ABORT)
        line = 'ClientGone True the request body was cut short: BODY_TRUNCATED: the client closed'
        self.assertEqual(self.worker.collect(id).body.decode().split('\n'), [line, line])

    def test_an_app_that_does_not_catch_it_is_not_to_blame(self):
        id = self.post('/whole')
        self.worker.wanted(id)
        self.worker.tell(CANCEL, id=id)
        self.worker.feed(id, b'CLIENT_GONE: gone', type=ABORT)
        self.assertEqual(self.worker.collect(id).frames, [(ABORT, FREE)])
        self.assertEqual(self.worker.get('/plain').body, b'plain')

    def test_requests_behind_it_run_after_it_or_go_back(self):
        for back in (False, True):
            id = self.post('/whole')
            self.worker.wanted(id)
            behind = [self.worker.send('/plain') for _ in range(3)]
            self.worker.feed(id, b'abc')
            if back:
                missing = set(behind)
                while missing:  # as the front does: what the application's read has at hand comes back a moment later
                    self.worker.ask_back()
                    missing -= set(self.worker.returned())
            self.worker.feed(id, flags=END)
            self.worker.collect(id)
            for each in () if back else behind:
                self.assertEqual(self.worker.collect(each).body, b'plain')


class Threads(unittest.TestCase):
    def test_many_bodies_at_a_time_in_small_pieces_and_in_any_order(self):
        bodies = [os.urandom(200_000 + number) for number in range(8)]
        with Worker(APP, threads=6, streaming=True, window=50_000) as worker:
            ids = [worker.send('/digest', method='POST', flags=STREAM) for _ in bodies]
            bodies = dict(zip(ids, bodies))
            credit, sent, answers, ended = dict.fromkeys(ids, 0), dict.fromkeys(ids, 0), {}, set()
            while len(answers) < len(ids):
                hungry = [id for id in ids if credit[id] and id not in ended]
                for id in hungry:
                    size = min(credit[id], 7000)
                    piece = bodies[id][sent[id]:sent[id] + size]
                    sent[id] += len(piece)
                    credit[id] -= len(piece)
                    done = sent[id] == len(bodies[id])
                    worker.feed(id, piece, END if done else 0)
                    if done:
                        ended.add(id)
                if not hungry:
                    self.hear(worker, credit, answers)
            for id, body in bodies.items():
                self.assertEqual(answers[id], f'{len(body)} {hashlib.sha256(body).hexdigest()}'.encode())

    def hear(self, worker, credit, answers):
        """Take the next frame of either link."""
        links = [worker.control, worker.data]
        # What one read brought beyond its frame lies in the buffer, and no socket tells of it.
        for link in [link for link in links if worker.buffers[link]] or select.select(links, [], [], 20)[0]:
            frame = worker.frame(link)
            if link is worker.control:
                credit[frame.id] += struct.unpack('<I', frame.body)[0]
            elif frame.body:
                answers[frame.id] = frame.body

    def test_stop_lets_a_body_come_to_its_end(self):
        for threads in (1, 2):
            with Worker(APP, threads=threads, streaming=True) as worker:
                id = worker.send('/whole', method='POST', flags=STREAM)
                worker.wanted(id)
                worker.tell(STOP)
                worker.stacks('Thread MainThread')
                worker.feed(id, b'abc')
                worker.feed(id, b'def', END)
                self.assertEqual(worker.collect(id).body.decode(), hashlib.sha256(b'abcdef').hexdigest())
                self.assertEqual(worker.wait(), 0)

    def test_a_worker_that_does_not_stream_takes_no_bodies(self):
        with Worker(APP) as worker:
            worker.feed(7, b'body')
            self.assertEqual(worker.record()['code'], 'WORKER_PROTOCOL_BROKEN')
