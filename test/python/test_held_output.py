"""Output that waits for more: for a moment only, whatever the application does, and not lost with the worker."""
import os
import signal
import unittest

from harness import END, FREE, GIVE_BACK, HEADER, RESPONSE, Worker

APP = r'''
import os, time

def application(environ, start_response):
    return globals()[environ['PATH_INFO'][1:]](environ, start_response)

def plain(environ, start_response):
    start_response('200 OK', [])
    return [environ['HTTP_X_REQUEST_ID'].encode()]

def waits(environ, start_response):
    with open(environ['QUERY_STRING']) as fifo:
        fifo.read()
    return plain(environ, start_response)

def computes(environ, start_response):
    while not os.path.exists(environ['QUERY_STRING']):
        sum(range(1000))
    return plain(environ, start_response)

def streams(environ, start_response, *headers):
    start_response('200 OK', [*headers])
    for number in range(8):
        yield b'%d' % number
    with open(environ['QUERY_STRING']) as fifo:
        fifo.read()
    yield b'end'

def events(environ, start_response):
    return streams(environ, start_response, ('Content-Type', 'Text/Event-Stream; charset=utf-8'))

def large(environ, start_response):
    start_response('200 OK', [])
    for number in range(100):
        yield bytes([number]) * 1000

def forks(environ, start_response):
    pid = os.fork()
    if pid == 0:
        start_response('200 OK', [])
        return [b'child'] * 2
    os.waitpid(pid, 0)
    return plain(environ, start_response)

def exits(environ, start_response):
    os._exit(7)
'''


def frames_of(data):
    """Frames as (type, flags, id, body); a part of one at the end is left out."""
    found = []
    while len(data) >= HEADER.size:
        size, type, flags, _, id, head = HEADER.unpack_from(data)
        end = HEADER.size + size
        if len(data) < end:
            break
        found.append((type, flags, id, data[HEADER.size + head:end]))
        data = data[end:]
    return found


class Case(unittest.TestCase):
    def start(self, threads=1):
        worker = Worker(APP, threads=threads)
        self.addCleanup(worker.__exit__)
        self.fifo = worker.directory / 'fifo'
        os.mkfifo(self.fifo)
        return worker

    def open_gate(self):
        with open(self.fifo, 'w'):
            pass


class Held(Case):
    def test_an_end_leaves_while_the_application_waits_in_the_next_request(self):
        for threads in (1, 4):
            with self.subTest(threads=threads):
                worker = self.start(threads)
                ids = [worker.send('/plain') for _ in range(3)] + [worker.send('/waits', QUERY_STRING=str(self.fifo))]
                self.assertEqual([worker.frame().id for _ in ids[:-1]], ids[:-1])
                self.open_gate()
                self.assertEqual(worker.frame().id, ids[-1])

    def test_an_end_leaves_while_the_application_computes(self):
        worker = self.start()
        stop = worker.directory / 'stop'
        ids = [worker.send('/plain'), worker.send('/computes', QUERY_STRING=str(stop))]
        self.assertEqual(worker.frame().id, ids[0])
        stop.touch()
        self.assertEqual(worker.frame().id, ids[1])

    def test_chunks_leave_while_the_application_produces_the_next(self):
        for path in ('/streams', '/events'):
            with self.subTest(path):
                worker = self.start()
                id = worker.send(path, QUERY_STRING=str(self.fifo))
                body, frames = b'', []
                while len(body) < 8:
                    frames.append(worker.frame())
                    body += frames[-1].body
                self.assertEqual((body, frames[0].type), (b'01234567', RESPONSE))
                if path == '/events':
                    self.assertEqual(len(frames), 8, 'no event waits for another')
                self.open_gate()
                self.assertEqual(worker.collect(id).body, b'end')

    def test_chunks_that_come_quickly_leave_in_few_frames(self):
        worker = self.start()
        response = worker.get('/large')
        self.assertEqual(response.body, b''.join(bytes([number]) * 1000 for number in range(100)))
        self.assertLess(len(response.frames), 50)

    def test_what_is_asked_back_lets_go_what_is_held(self):
        worker = self.start()
        ids = [worker.send('/plain'), worker.send('/waits', QUERY_STRING=str(self.fifo)), worker.send('/plain')]
        worker.stacks('in waits')
        worker.tell(GIVE_BACK)
        self.assertEqual(worker.returned(), ids[2:])
        self.assertEqual(worker.unsent(), b'')
        self.open_gate()
        self.assertEqual([worker.frame().id for _ in range(2)], ids[:2])

    def test_a_forked_child_sends_nothing_of_its_own_or_of_its_parent(self):
        worker = self.start()
        ids = [worker.send(path) for path in ('/plain', '/forks', '/plain')]
        frames = [worker.frame() for _ in ids]
        self.assertEqual([(frame.id, frame.body) for frame in frames], [(id, f'r{id}'.encode()) for id in ids])


class Progress(Case):
    def test_it_says_what_has_begun_and_not_what_waits(self):
        worker = self.start()
        ids = [worker.send('/plain'), worker.send('/waits', QUERY_STRING=str(self.fifo)), worker.send('/plain')]
        worker.stacks('in waits')
        self.assertEqual(worker.begun(), ids[1])
        self.open_gate()
        for id in ids:
            self.assertEqual(worker.frame().id, id)
        self.assertEqual(worker.begun(), ids[2])

    def test_what_a_killed_worker_held_is_there(self):
        """Whatever the moment: each response came, or is in the file, or its request is the one that ran."""
        for round in range(20):
            with Worker(APP) as worker:
                ids = [worker.send('/plain') for _ in range(40)]
                for _ in range(round):
                    worker.frame()
                os.kill(worker.pid, signal.SIGKILL)
                worker.wait()
                try:
                    while worker.fill(worker.data):
                        pass
                except ConnectionResetError:
                    pass
                frames = frames_of(worker.buffers[worker.data] + worker.unsent())
                answered = ids[:round] + [id for _, _, id, _ in frames]
                self.assertEqual(answered, ids[:len(answered)], 'in their order, each once')
                self.assertEqual([body for *_, body in frames], [f'r{id}'.encode() for id in answered[round:]])
                self.assertIn(worker.begun() - len(answered), (0, 1), 'one may have run besides')

    def test_a_worker_that_exits_in_a_request_keeps_the_responses_before_it(self):
        worker = self.start()
        ids = [worker.send('/plain'), worker.send('/plain'), worker.send('/exits')]
        self.assertEqual(worker.wait(), 7)
        while worker.fill(worker.data):
            pass
        frames = frames_of(worker.buffers[worker.data] + worker.unsent())
        self.assertEqual([frame[:3] for frame in frames], [(RESPONSE, END | FREE, id) for id in ids[:2]])
        self.assertEqual(worker.begun(), ids[2])


class Lead(Case):
    def test_a_quick_request_runs_beside_one_that_waits_or_computes(self):
        for path in ('/waits', '/computes'):
            with self.subTest(path):
                worker = self.start(2)
                gate = self.fifo if path == '/waits' else worker.directory / 'gate'
                slow = worker.send(path, QUERY_STRING=str(gate))
                quick = [worker.send('/plain') for _ in range(3)]
                self.assertEqual([worker.frame().id for _ in quick], quick)
                later = worker.send('/plain')
                self.assertEqual(worker.frame().id, later)
                self.open_gate() if path == '/waits' else gate.touch()
                self.assertEqual(worker.frame().id, slow)

    def test_as_many_requests_wait_together_as_there_are_threads(self):
        worker = self.start(4)
        fifos = [worker.directory / f'fifo{number}' for number in range(4)]
        for fifo in fifos:
            os.mkfifo(fifo)
        ids = [worker.send('/waits', QUERY_STRING=str(fifo)) for fifo in fifos]
        behind = worker.send('/plain')
        worker.stacks(r'(?s)(in waits.*){4}')
        self.assertEqual(worker.begun(), ids[-1])
        for fifo in fifos:
            with open(fifo, 'w'):
                pass
        self.assertEqual(sorted(worker.frame().id for _ in range(5)), [*ids, behind])

    def test_threads_that_are_not_needed_do_not_run(self):
        worker = self.start(8)
        for _ in range(50):
            worker.get('/plain')
        used = sorted(ticks(worker.pid), reverse=True)
        self.assertLessEqual(sum(switches > 20 for switches in used), 3, f'leader, ticker and control: {used}')


def ticks(pid):
    """How often each thread of a process was let run."""
    for task in os.listdir(f'/proc/{pid}/task'):
        with open(f'/proc/{pid}/task/{task}/status') as status:
            yield int(next(line for line in status if line.startswith('voluntary')).split()[1])


if __name__ == '__main__':
    unittest.main()
