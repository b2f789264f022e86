"""Requests that were sent ahead of a free slot: they run in their order, or go back, and never both."""
import os
import random
import unittest

from harness import ABORT, CANCEL, DATA, DONE, END, FREE, GIVE_BACK, RESPONSE, STACKS, STOP, Worker, WorkerTestCase

APP = r'''
import os, time

def application(environ, start_response):
    return globals()[environ['PATH_INFO'][1:]](environ, start_response)

def plain(environ, start_response):
    os.write(1, environ['HTTP_X_REQUEST_ID'].encode() + b'\n')
    start_response('200 OK', [])
    return [b'plain']

def holds(environ, start_response):
    with open(environ['QUERY_STRING']) as fifo:
        fifo.read()
    return plain(environ, start_response)

def sleeps(environ, start_response):
    time.sleep(0.002)
    return plain(environ, start_response)

def fails_late(environ, start_response):
    time.sleep(0.002)
    raise ValueError

class Closing:
    def __iter__(self):
        return iter([b'x'])
    def close(self):
        time.sleep(0.002)

def closes_late(environ, start_response):
    start_response('200 OK', [])
    return Closing()

class ClosingOn:
    def __init__(self, path):
        self.path = path
    def __iter__(self):
        return iter([b'x'])
    def close(self):
        with open(self.path) as fifo:
            fifo.read()

def closes_on(environ, start_response):
    start_response('200 OK', [('Content-Length', '1')] if environ['REQUEST_METHOD'] == 'GET' else [])
    return ClosingOn(environ['QUERY_STRING'])

def closes(environ, start_response):
    environ['QUERY_STRING'] = os.devnull
    return closes_on(environ, start_response)
'''


class Held(Worker):
    """A worker whose first requests hold all its slots."""

    def __init__(self, threads):
        super().__init__(APP, threads=threads)
        self.fifos = [self.directory / f'fifo{number}' for number in range(threads)]
        for fifo in self.fifos:
            os.mkfifo(fifo)
        self.held = [self.send('/holds', QUERY_STRING=str(fifo)) for fifo in self.fifos]
        self.gates = [open(fifo, 'w') for fifo in self.fifos]  # each waits for its reader

    def let_go(self):
        for gate in self.gates:
            gate.close()

    def __exit__(self, *error):
        self.let_go()
        super().__exit__(*error)


def begun(worker, count):
    """The ids of the next `count` requests that the application saw."""
    return [int(worker.line(worker.stdout)[1:]) for _ in range(count)]


class GiveBack(unittest.TestCase):
    def each(self):
        for threads in (1, 3):
            with self.subTest(threads=threads), Held(threads) as worker:
                yield worker

    def test_what_has_not_begun_goes_back_in_its_order_and_never_runs(self):
        for worker in self.each():
            ahead = [worker.send('/plain') for _ in range(3)]
            worker.ask_back()
            self.assertEqual(worker.returned(), ahead)
            worker.let_go()
            last = worker.send('/plain')
            ids = [worker.frame().id for _ in range(len(worker.held) + 1)]
            self.assertEqual(sorted(ids), [*worker.held, last])
            self.assertEqual(sorted(begun(worker, len(ids))), sorted(ids))

    def test_what_is_asked_for_twice_goes_back_once(self):
        for worker in self.each():
            ahead = [worker.send('/plain')]
            worker.ask_back()
            worker.ask_back()
            self.assertEqual((worker.returned(), worker.returned()), (ahead, []))
            ahead = [worker.send('/plain')]
            worker.ask_back()
            self.assertEqual(worker.returned(), ahead)

    def test_an_idle_worker_has_nothing_to_give_back_and_goes_on(self):
        for threads in (1, 2):
            with self.subTest(threads=threads), Worker(APP, threads=threads) as worker:
                worker.ask_back()
                self.assertEqual(worker.returned(), [])
                self.assertEqual(worker.get('/plain').body, b'plain')

    def test_half_a_request_is_not_given_back_and_runs_when_it_is_whole(self):
        for worker in self.each():
            whole = worker.send('/plain')
            data, sent = worker.data, []
            worker.data = type('Collector', (), {'sendall': lambda _, given: sent.append(given)})()
            half = worker.send('/plain')
            worker.data = data
            (frame,) = sent
            data.sendall(frame[:30])
            worker.ask_back()
            self.assertEqual(worker.returned(), [whole])
            data.sendall(frame[30:])
            worker.let_go()
            ids = {worker.frame().id for _ in range(len(worker.held) + 1)}
            self.assertEqual(ids, {*worker.held, half})

    def test_what_was_cancelled_is_given_back_too(self):
        for worker in self.each():
            ahead = worker.send('/plain')
            worker.tell(CANCEL, id=ahead)
            worker.ask_back()
            self.assertEqual(worker.returned(), [ahead])

    def test_what_was_cancelled_and_stays_is_freed_without_running(self):
        for worker in self.each():
            ahead = worker.send('/plain')
            worker.tell(CANCEL, id=ahead)
            worker.tell(STACKS)
            worker.hear(STACKS)  # the control thread reads in order: it knows now
            worker.let_go()
            frames = [worker.frame() for _ in range(len(worker.held) + 1)]
            (aborted,) = [frame for frame in frames if frame.id == ahead]
            self.assertEqual((aborted.type, aborted.flags & FREE), (ABORT, FREE))
            self.assertEqual(sorted(begun(worker, len(worker.held))), worker.held)

    def test_what_waits_when_the_worker_is_told_to_end_still_runs(self):
        for worker in self.each():
            ahead = worker.send('/plain')
            worker.tell(STOP)
            worker.tell(STACKS)
            worker.hear(STACKS)
            worker.let_go()
            ids = {worker.frame().id for _ in range(len(worker.held) + 1)}
            self.assertEqual(ids, {*worker.held, ahead})
            self.assertEqual(worker.wait(), 0)

    def test_each_request_runs_once_or_goes_back_whenever_it_is_asked_for(self):
        for threads in (1, 3):
            for seed in range(3):
                with self.subTest(threads=threads, seed=seed), Worker(APP, threads=threads) as worker:
                    self.run_at_random(worker, random.Random(seed), threads)

    def run_at_random(self, worker, chance, threads):
        sent, returned, answered = [], [], []
        for _ in range(60):
            sent += [worker.send(chance.choice(['/plain', '/plain', '/sleeps'])) for _ in range(chance.randrange(8))]
            if chance.random() < 0.5:
                worker.ask_back()
                returned += worker.returned()
            while len(answered) + len(returned) < len(sent) - 3 * threads:
                answered.append(worker.frame().id)
        while len(answered) + len(returned) < len(sent):
            answered.append(worker.frame().id)
        self.assertEqual(sorted(answered + returned), sent)
        seen = begun(worker, len(answered))
        self.assertEqual(sorted(seen), sorted(answered))
        if threads == 1:
            self.assertEqual(seen, sorted(answered), 'in the order in which they came')
        worker.stop()
        self.assertEqual(worker.fill(worker.stdout), b'', 'nothing that went back has run')


class Slow(WorkerTestCase):
    APP = APP

    def test_a_request_that_took_more_than_a_millisecond_frees_its_slot_as_slow(self):
        self.assertEqual((self.worker.get('/sleeps').slow, self.worker.get('/closes_late').slow), (True, True))
        failed = self.worker.get('/fails_late')
        self.assertEqual((failed.aborted, failed.slow), (True, True))

    def test_the_flag_is_on_the_frame_that_frees_the_slot_and_no_other(self):
        id = self.worker.send('/closes_late')
        frames = []
        while not frames or frames[-1].type != DONE:
            frames.append(self.worker.frame())
        self.assertEqual([frame.id for frame in frames], [id] * len(frames))
        self.assertEqual([frame.flags & ~END for frame in frames[:-1]], [0] * (len(frames) - 1))
        self.assertEqual(frames[0].type, RESPONSE)

    def test_a_quick_one_is_not_slow(self):
        # A busy machine can hold up any one of them, and not all.
        self.assertTrue(any(not self.worker.get('/plain').slow for _ in range(1000)))


class Ends(unittest.TestCase):
    """Where others wait behind a request, the end of its response goes with its free slot, if close() is quick."""

    def test_one_frame_where_others_wait(self):
        with Held(1) as worker:
            sent = [worker.send('/closes', method='GET'), worker.send('/closes', method='POST'), worker.send('/plain')]
            worker.let_go()
            worker.collect(worker.held[0])
            frames = [worker.collect(id).frames for id in sent]
        self.assertEqual(frames[0], [(RESPONSE, END | FREE)])
        self.assertEqual(frames[1], [(RESPONSE, 0), (DATA, END | FREE)])

    def test_a_close_that_takes_its_time_does_not_hold_the_client_when_the_front_asks_back(self):
        with Held(1) as worker:
            fifo = worker.directory / 'closing'
            os.mkfifo(fifo)
            closing = worker.send('/closes_on', QUERY_STRING=str(fifo))
            behind = worker.send('/plain')
            worker.let_go()
            worker.collect(worker.held[0])
            with open(fifo, 'w'):  # waits for its reader: the response is complete, and close() runs
                worker.ask_back()
                self.assertEqual(worker.returned(), [behind])
                end = worker.frame()
                self.assertEqual((end.type, end.flags, end.id, end.body), (RESPONSE, END, closing, b'x'))
            done = worker.frame()
            self.assertEqual((done.type, done.id), (DONE, closing))


class Wrong(unittest.TestCase):
    def test_a_give_back_on_the_data_link_ends_the_worker(self):
        with Worker(APP) as worker:
            worker.control, data = worker.data, worker.control
            worker.tell(GIVE_BACK)
            worker.control = data
            self.assertEqual(worker.record()['code'], 'WORKER_PROTOCOL_BROKEN')
            self.assertEqual(worker.wait(), 4)


if __name__ == '__main__':
    unittest.main()
