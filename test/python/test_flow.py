"""Windows and credit, cancelling, and threads."""
import socket
import unittest

from harness import ABORT, CANCEL, DATA, DONE, FREE, RESPONSE, STACKS, STOP, Worker, WorkerTestCase

STREAMS = '''
import threading

go = threading.Event()

def application(environ, start_response):
    return globals()[environ['PATH_INFO'][1:]](environ, start_response)

def large(environ, start_response):
    start_response('200 OK', [])
    return [bytes(range(256)) * 4096]

class Endless:
    def __iter__(self):
        return self
    def __next__(self):
        return b'x' * 1000
    def close(self):
        print('close', flush=True)

def endless(environ, start_response):
    start_response('200 OK', [])
    return Endless()

def writing(environ, start_response):
    write = start_response('200 OK', [])
    try:
        while True:
            write(b'x' * 1000)
    except ConnectionError as error:
        print('stopped by', type(error).__name__)
        return []

def plain(environ, start_response):
    start_response('200 OK', [])
    return [b'plain']

def waits(environ, start_response):
    go.wait()
    start_response('200 OK', [])
    return [b'a']

def releases(environ, start_response):
    go.set()
    start_response('200 OK', [])
    return [threading.current_thread().name.encode()]
'''


class Credit(WorkerTestCase):
    APP = STREAMS
    START = {'window': 100_000}

    def test_no_more_than_the_window_and_no_frame_over_64_kib(self):
        id = self.worker.send('/large')
        body = b''
        for wanted in (65536, 34464):
            frame = self.worker.frame()
            self.assertEqual(len(frame.body), wanted)
            body += frame.body
        self.worker.tell(STACKS)  # answered beside a response that waits
        self.assertIn('Thread MainThread', self.worker.hear(STACKS))
        self.assertNothingCame()
        self.worker.credit(10, id)
        frame = self.worker.frame()
        self.assertEqual((frame.type, len(frame.body)), (DATA, 10))
        self.worker.credit(1 << 20, id)
        rest = self.worker.collect(id)
        self.assertEqual(body + frame.body + rest.body, bytes(range(256)) * 4096)
        self.assertTrue(all(type == DATA for type, _ in rest.frames[:-1]))

    def assertNothingCame(self):
        with self.assertRaises(BlockingIOError):
            self.worker.data.recv(1, socket.MSG_DONTWAIT)

    def test_credit_for_a_request_that_has_ended_is_nothing(self):
        self.worker.credit(5, self.worker.next_id - 1)
        self.worker.credit(5, 4_000_000_000)
        self.assertEqual(self.worker.get('/plain').body, b'plain')

    def cancelled(self, path):
        id = self.worker.send(path)
        received = 0
        while received < 100_000:
            received += len(self.worker.frame().body)
        self.worker.tell(CANCEL, id=id)
        return self.worker.collect(id)

    def test_cancel_ends_a_response_that_waits_and_closes_it(self):
        self.assertEqual(self.cancelled('/endless').frames, [(ABORT, FREE)])
        self.assertEqual(self.worker.line(self.worker.stdout), 'close')
        self.assertEqual(self.worker.get('/plain').body, b'plain')

    def test_cancel_stops_write(self):
        self.assertEqual(self.cancelled('/writing').frames, [(ABORT, FREE)])
        self.assertEqual(self.worker.line(self.worker.stdout), 'stopped by ClientGone')

    def test_cancel_ends_a_response_that_streams(self):
        id = self.worker.send('/endless')
        while self.worker.frame().type != RESPONSE:
            pass
        self.worker.credit(2_000_000_000, id)
        self.worker.frame()
        self.worker.tell(CANCEL, id=id)
        self.assertEqual(self.worker.collect(id, credit=False).frames[-1], (ABORT, FREE))
        self.assertEqual(self.worker.line(self.worker.stdout), 'close')

    def test_cancel_of_a_request_that_is_not_read_yet(self):
        self.worker.get('/plain')
        self.worker.tell(CANCEL, id=self.worker.next_id)
        self.worker.tell(STACKS)
        self.worker.hear(STACKS)  # the control thread reads in order: it knows now
        self.assertEqual(self.worker.get('/endless').frames, [(ABORT, FREE)])
        self.assertEqual(self.worker.get('/plain').body, b'plain')


class Threads(unittest.TestCase):
    def test_requests_run_beside_each_other(self):
        with Worker(STREAMS, threads=2) as worker:
            waiting = worker.send('/waits')
            self.assertRegex(worker.get('/releases').body.decode(), '^slot-[12]$')
            self.assertEqual(worker.collect(waiting).body, b'a')

    def test_stop_lets_every_running_request_end(self):
        with Worker(STREAMS, threads=2) as worker:
            waiting, other = worker.send('/waits'), worker.send('/releases')
            worker.tell(STOP)
            bodies = {}
            while (frame := worker.frame()) is not None:
                bodies[frame.id] = frame.body
            self.assertEqual((bodies[waiting], sorted(bodies)), (b'a', [waiting, other]))
            self.assertEqual(worker.wait(), 0)

    def test_large_responses_of_two_threads_do_not_mix(self):
        with Worker(STREAMS, threads=2) as worker:
            ids = [worker.send('/large'), worker.send('/large')]
            bodies, ended = dict.fromkeys(ids, b''), set()
            while len(ended) < 2:
                frame = worker.frame()
                bodies[frame.id] += frame.body
                if frame.body:
                    worker.credit(len(frame.body), frame.id)
                if frame.type == DONE or frame.flags & FREE:
                    ended.add(frame.id)
            self.assertEqual(list(bodies.values()), [bytes(range(256)) * 4096] * 2)


if __name__ == '__main__':
    unittest.main()
