"""Interruptions: the application of a request whose time has passed is ended, and nothing else is."""
import os
import unittest

from harness import ABORT, DATA, DONE, END, FREE, GONE, RESPONSE, STREAM, Worker

APP = '''
import json, marshal, threading, time

def application(environ, start_response):
    return globals()[environ['PATH_INFO'][1:]](environ, start_response)

def say(*words):
    print(*words, flush=True)

def plain(environ, start_response):
    start_response('200 OK', [])
    return [b'plain']

def sleep(environ, start_response):
    try:
        say('begun')
        time.sleep(600)
    except Exception:
        say('held')
    finally:
        say('finally')
    say('went on')

def loop(environ, start_response):
    try:
        say('begun')
        while True:
            pass
    except Exception:
        say('held')
    finally:
        say('finally')

def library(environ, start_response):
    try:
        say('begun')
        while True:
            json.loads(json.dumps({'a': [1, 2]}, indent=1))
    finally:
        say('finally')

def starting(environ, start_response):
    """Nearly all of its time it is in the server's code."""
    headers = [('X-%d' % number, 'a' * 100) for number in range(90)]
    try:
        say('begun')
        while True:
            try:
                start_response('200 OK', headers, (ValueError, ValueError(), None))
            except ValueError:
                pass
    finally:
        say('finally')

def writing(environ, start_response):
    """Nearly all of its time it is in the server's code; deaf to being cancelled."""
    write = start_response('200 OK', [])
    try:
        while True:
            try:
                write(b'x' * 20_000)
            except ConnectionError:
                pass
    finally:
        say('finally')

class Steps:
    def __init__(self, step, closing=lambda: None):
        self.step, self.closing = step, closing

    def __iter__(self):
        return self

    def __next__(self):
        return self.step()

    def close(self):
        say('close')
        self.closing()
        say('closed')

def spin():
    say('begun')
    while True:
        pass

def iterator(environ, start_response):
    start_response('200 OK', [])
    return Steps(spin)

def closing(environ, start_response):
    """Its close() outlasts the next attempt of who interrupts."""
    start_response('200 OK', [])
    return Steps(spin, lambda: count_to_end(time.monotonic() + 0.05))

def count_to_end(end):
    while time.monotonic() < end:
        pass

def endless_close(environ, start_response):
    start_response('200 OK', [])
    return Steps(iter([]).__next__, spin)

def generator(environ, start_response):
    start_response('200 OK', [])
    yield b'first'
    try:
        spin()
    finally:
        say('finally')

class SlowFile:
    def read(self, size):
        spin()

    def close(self):
        say('closed')

def file_wrapper(environ, start_response):
    start_response('200 OK', [])
    return environ['wsgi.file_wrapper'](SlowFile())

def swallow(environ, start_response):
    try:
        spin()
    except BaseException as error:
        say(type(error).__name__)
    start_response('200 OK', [])
    return [b'late']

def count(environ, start_response):
    total = 0
    for number in range(20_000):
        total += number
    start_response('200 OK', [])
    return [str(total).encode()]

def wait_at(path):
    with open(path) as fifo:
        return fifo.read()

def upload(environ, start_response):
    environ['wsgi.input'].read()
    say('read')

def hold(environ, start_response):
    text = wait_at(environ['QUERY_STRING'])
    start_response('200 OK', [])
    return [text.encode()]

def failing_in_c(environ, start_response):
    """C code waits here, and ends with an exception."""
    with open(environ['QUERY_STRING'], 'rb') as fifo:
        marshal.load(fifo)

def ending_in_c(environ, start_response):
    """C code waits here, and ends the iteration."""
    start_response('200 OK', [])
    fifo = open(environ['QUERY_STRING'], 'rb')
    return Steps(lambda: next(fifo), fifo.close)

def close_failing_in_c(environ, start_response):
    start_response('200 OK', [])
    fifo = open(environ['QUERY_STRING'], 'rb')
    return Steps(iter([]).__next__, lambda: marshal.load(fifo))

def interrupters(environ, start_response):
    start_response('200 OK', [])
    return [b'%d' % sum(thread.name == 'stillhouse-interruption' for thread in threading.enumerate())]

def gone(environ, start_response):
    say(environ['stillhouse.client_gone']())
    wait_at(environ['QUERY_STRING'])
    start_response('200 OK', [])
    return [str(environ['stillhouse.client_gone']()).encode()]
'''


class Cases:
    """What holds for a worker of one slot, and for one of several."""

    THREADS = 1

    def setUp(self):
        self.worker = Worker(APP, threads=self.THREADS, window=200_000)
        self.addCleanup(self.worker.__exit__)

    def begin(self, path, **more):
        """Send a request, and return when its application runs."""
        id = self.worker.send(path, **more)
        self.says('begun')
        return id

    def says(self, *lines):
        for line in lines:
            self.assertEqual(self.worker.line(self.worker.stdout), line)

    def serves_on(self):
        self.assertEqual(self.worker.get('/plain').body, b'plain')

    def fifo(self):
        path = self.worker.directory / f'fifo-{self.worker.next_id}'
        os.mkfifo(path)
        return path

    def test_ends_a_loop_a_library_and_start_response_with_their_finally(self):
        for path in ['/loop', '/library', '/starting']:
            with self.subTest(path):
                id = self.begin(path)
                self.worker.interrupt(id)
                self.says('finally')
                self.assertEqual(self.worker.collect(id).frames, [(ABORT, FREE)])
        self.serves_on()

    def test_ends_an_iterator_and_closes_it_once(self):
        id = self.begin('/iterator')
        self.worker.interrupt(id)
        self.says('close', 'closed')
        self.assertEqual(self.worker.collect(id).frames, [(ABORT, FREE)])
        self.serves_on()

    def test_comes_once_so_that_close_can_end(self):
        for _ in range(5):
            id = self.begin('/closing')
            self.worker.interrupt(id)
            self.says('close', 'closed')
            self.assertEqual(self.worker.collect(id).frames, [(ABORT, FREE)])
        self.serves_on()

    def test_ends_a_close_that_does_not(self):
        id = self.worker.send('/endless_close')
        self.says('close', 'begun')
        self.worker.interrupt(id)
        self.assertEqual(self.worker.collect(id).frames, [(RESPONSE, END), (DONE, 0)])
        self.assertEqual(self.worker.record()['code'], 'APP_CLOSE_FAILED')
        self.serves_on()

    def test_ends_a_generator_between_chunks(self):
        id = self.worker.send('/generator')
        self.says('begun')
        self.assertEqual(self.worker.frame().body, b'first')
        self.worker.interrupt(id)
        self.says('finally')
        self.assertEqual(self.worker.collect(id).frames, [(ABORT, FREE)])
        self.serves_on()

    def test_ends_the_read_of_a_file_that_is_wrapped(self):
        id = self.begin('/file_wrapper')
        self.worker.interrupt(id)
        self.says('closed')
        self.assertEqual(self.worker.collect(id).frames, [(ABORT, FREE)])
        self.serves_on()

    def test_never_tears_a_frame(self):
        for frames in range(40):
            id = self.worker.send('/writing')
            while self.worker.frame().type != RESPONSE:
                pass
            self.worker.credit(2_000_000_000, id)
            for _ in range(frames % 7):
                self.worker.frame()
            self.worker.interrupt(id)
            response = self.worker.collect(id, credit=False)
            self.assertEqual(response.frames[-1], (ABORT, FREE))
            self.assertEqual(set(response.frames[:-1]) - {(DATA, 0)}, set())
            self.assertEqual(len(response.body) % 20_000, 0)
            self.says('finally')
        self.serves_on()

    def test_who_swallows_it_goes_on(self):
        id = self.begin('/swallow')
        self.worker.interrupt(id)
        self.says('RequestTimeout')
        self.assertEqual(self.worker.collect(id).body, b'late')
        self.serves_on()

    def test_of_a_request_that_has_ended_is_nothing(self):
        first = self.worker.send('/plain')
        self.worker.collect(first)
        self.worker.interrupt(first)
        self.worker.interrupt(4_000_000_000)
        fifo = self.fifo()
        second = self.worker.send('/hold', QUERY_STRING=str(fifo))
        self.worker.stacks('in wait_at')
        self.worker.interrupt(first)
        self.worker.settle()
        fifo.write_text('finished')
        self.assertEqual(self.worker.collect(second).body, b'finished')

    def test_strikes_no_other_than_its_own_request(self):
        """Each that is interrupted is followed by one that is not, and which must be whole."""
        answers = {(ABORT, FREE): 0, (RESPONSE, END | FREE): 0}
        for _ in range(300):
            id = self.worker.send('/count')
            self.worker.interrupt(id)
            response = self.worker.collect(id)
            self.assertEqual(len(response.frames), 1)
            answers[response.frames[0]] += 1
            whole = self.worker.get('/count')
            self.assertEqual((whole.body, whole.frames), (b'199990000', [(RESPONSE, END | FREE)]))
        self.assertEqual(sum(answers.values()), 300)
        self.serves_on()

    def test_strikes_only_its_own_among_those_sent_ahead(self):
        ids = [self.worker.send('/count') for _ in range(100)]
        struck = set(ids[::2])
        for id in ids[::2]:
            self.worker.interrupt(id)
        for _ in ids:
            frame = self.worker.frame()
            self.assertTrue(frame.flags & FREE)
            if frame.id not in struck:
                self.assertEqual((frame.type, frame.body), (RESPONSE, b'199990000'))
        self.serves_on()

    def test_leaves_the_link_that_an_application_reads_its_body_from(self):
        with Worker(APP, threads=self.THREADS, streaming=True) as worker:
            for _ in range(20):
                id = worker.send('/upload', method='POST', flags=STREAM)
                worker.wanted(id)
                worker.feed(id, b'some')
                worker.interrupt(id)
                worker.settle()
                worker.feed(id, b'the time has passed', type=ABORT)
                self.assertEqual(worker.collect(id).frames, [(ABORT, FREE)])
            self.assertEqual(worker.get('/plain').body, b'plain')

    def test_an_application_can_ask_whether_its_client_has_gone(self):
        fifo = self.fifo()
        id = self.worker.send('/gone', QUERY_STRING=str(fifo))
        self.says('False')
        self.worker.stacks('in wait_at')
        self.worker.tell(GONE, id=id)
        self.worker.settle()
        fifo.write_text('')
        self.assertEqual(self.worker.collect(id).body, b'True')
        self.worker.tell(GONE, id=id)  # it has ended: nothing
        self.serves_on()


class OneSlot(Cases, unittest.TestCase):
    def test_ends_a_sleep(self):
        id = self.begin('/sleep')
        self.worker.interrupt(id)
        self.says('finally')
        self.assertEqual(self.worker.collect(id).frames, [(ABORT, FREE)])
        self.serves_on()

    def test_ends_a_wait_in_c(self):
        for path in ['/failing_in_c', '/hold']:
            with self.subTest(path):
                fifo = self.fifo()
                id = self.worker.send(path, QUERY_STRING=str(fifo))
                self.worker.stacks(r'in (failing_in_c|wait_at)\n')
                self.worker.interrupt(id)
                self.assertEqual(self.worker.collect(id).frames, [(ABORT, FREE)])
        self.serves_on()


class TwoSlots(Cases, unittest.TestCase):
    THREADS = 2

    def interrupt_in_c(self, path, line, frames=0):
        """Interrupt an application that waits in C, and return when the interpreter knows; its id, and what wakes it.

        `line`: where it waits. `frames`: of its response that come before.
        """
        fifo = self.fifo()
        id = self.worker.send(path, QUERY_STRING=str(fifo))
        writer = os.open(fifo, os.O_WRONLY)  # it has opened the file now
        for _ in range(3):  # whoever still stands there when others have had their turn waits in C
            self.worker.stacks(line)
        for _ in range(frames):
            self.worker.frame()
        self.worker.interrupt(id)
        self.worker.settle()
        while self.worker.get('/interrupters').body != b'0':
            pass
        self.assertRegex(self.worker.settle(), line)  # C code is not reached
        return id, writer

    def test_ends_a_wait_in_c_when_it_returns(self):
        id, writer = self.interrupt_in_c('/hold', r'fifo\.read\(\)')
        os.write(writer, b'text')
        os.close(writer)
        self.assertEqual(self.worker.collect(id).frames, [(ABORT, FREE)])
        self.serves_on()

    def test_ends_nothing_of_ours_where_the_wait_ends_with_an_exception(self):
        id, writer = self.interrupt_in_c('/failing_in_c', r'marshal\.load\(fifo\)')
        os.close(writer)
        self.assertEqual(self.worker.collect(id).frames, [(ABORT, FREE)])
        self.serves_on()

    def test_ends_nothing_of_ours_where_the_wait_ends_the_iteration(self):
        id, writer = self.interrupt_in_c('/ending_in_c', r'next\(fifo\)')
        os.close(writer)
        self.says('close', 'closed')
        self.assertEqual(self.worker.collect(id).frames[-1], (ABORT, FREE))
        self.serves_on()

    def test_ends_nothing_of_ours_where_close_waits_in_c(self):
        id, writer = self.interrupt_in_c('/close_failing_in_c', r'marshal\.load\(fifo\)', frames=1)
        os.close(writer)
        self.says('close')
        self.assertEqual(self.worker.collect(id).frames, [(DONE, 0)])
        self.assertEqual(self.worker.record()['code'], 'APP_CLOSE_FAILED')
        self.serves_on()

    def test_leaves_the_request_beside_it(self):
        fifo = self.fifo()
        beside = self.worker.send('/hold', QUERY_STRING=str(fifo))
        self.worker.stacks('in wait_at')
        for _ in range(10):
            id = self.begin('/loop')
            self.worker.interrupt(id)
            self.says('finally')
            self.assertEqual(self.worker.collect(id).frames, [(ABORT, FREE)])
        fifo.write_text('finished')
        self.assertEqual(self.worker.collect(beside).body, b'finished')


if __name__ == '__main__':
    unittest.main()
