"""The control link: stacks, stop, the front's death, and what breaks the protocol."""
import os
import signal
import unittest

from harness import CREDIT, DATA, END, HEADER, INLINE, REQUEST, STACKS, STOP, Worker

SLEEPER = '''
import atexit, threading, time

atexit.register(print, 'exit handlers run')

def application(environ, start_response):
    return wait_here(start_response, environ['PATH_INFO'])

def wait_here(start_response, path):
    print('begun')
    if path == '/sleep':
        time.sleep(600)
    if path == '/loop':
        while True:
            pass
    with open(path) as fifo:
        fifo.read()
    start_response('200 OK', [])
    return [b'finished']

threading.Thread(target=time.sleep, args=(600,), name='background', daemon=True).start()
'''


class Stacks(unittest.TestCase):
    def test_beside_an_application_that_sleeps_or_loops(self):
        for path, line in [('/sleep', r'time\.sleep\(600\)'), ('/loop', 'while True|pass')]:
            with self.subTest(path), Worker(SLEEPER) as worker:
                worker.send(path)
                text = worker.stacks(line)
                main, background = text.split('\n\n')
                lines = main.rstrip().split('\n')
                self.assertEqual(lines[0], 'Thread MainThread (most recent call last):')
                self.assertRegex(lines[1], r'^  File ".*/web_app\.py", line \d+, in application$')
                self.assertRegex(lines[3], r'^  File ".*/web_app\.py", line \d+, in wait_here$')
                self.assertNotIn('stillhouse_worker', text)
                self.assertTrue(background.startswith('Thread background'), background)

    def test_during_an_import_that_hangs(self):
        source = 'def serve():\n    print("hangs")\n    while True:\n        pass\n\nserve()\n'
        with Worker(source, ready=False) as worker:
            self.assertEqual(worker.line(worker.stdout), 'hangs')
            text = worker.stacks(r'line [34], in serve')
            self.assertRegex(text, r'line 6, in <module>')
            self.assertNotIn('importlib', text)

    def test_slots_show_the_application_alone(self):
        with Worker(SLEEPER, threads=2) as worker:
            worker.send('/sleep')
            stacks = worker.stacks('in wait_here').split('\n\n')
            slot = next(stack for stack in stacks if 'in wait_here' in stack)
            self.assertNotIn('threading.py', slot)


class Ends(unittest.TestCase):
    def test_stop_finishes_what_runs_and_runs_exit_handlers(self):
        with Worker(SLEEPER) as worker:
            fifo = worker.directory / 'fifo'
            os.mkfifo(fifo)
            id = worker.send(str(fifo))
            worker.line(worker.stdout)
            worker.tell(STOP)
            worker.tell(STACKS)
            worker.hear(STACKS)  # STOP is done by now, and the request still runs
            fifo.write_text('go')
            self.assertEqual(worker.collect(id).body, b'finished')
            self.assertEqual(worker.wait(), 0)
            self.assertEqual(worker.line(worker.stdout), 'exit handlers run')

    def test_the_end_of_the_data_link_is_a_stop(self):
        with Worker(SLEEPER) as worker:
            worker.data.close()
            self.assertEqual(worker.wait(), 0)
            self.assertEqual(worker.line(worker.stdout), 'exit handlers run')

    def test_the_end_of_the_data_link_wakes_a_response_that_waits_for_credit(self):
        source = '''
        def application(environ, start_response):
            start_response('200 OK', [])
            return [b'x' * 1_000_000]
        '''
        with Worker(source) as worker:
            worker.send()
            worker.frame()
            worker.data.close()
            self.assertEqual(worker.wait(), 0)

    def test_the_end_of_the_control_link_kills_the_whole_group(self):
        source = '''
        import subprocess
        subprocess.Popen(['sleep', '600'])
        print('child runs')
        application = print
        '''
        with Worker(source) as worker:
            self.assertEqual(worker.line(worker.stdout), 'child runs')
            worker.control.close()
            self.assertEqual(worker.wait(), -signal.SIGKILL)
            self.assertEqual(worker.fill(worker.stdout), b'')  # the child held the pipe open: it is gone

    def test_what_breaks_the_protocol_ends_the_worker(self):
        head = b'A\0B\0'
        on_data = {
            'a count that does not fit': HEADER.pack(4, REQUEST, INLINE, 2, 1, 4) + head,
            'a type of the other direction': HEADER.pack(0, DATA, END, 0, 1, 0),
            'no kind of body': HEADER.pack(4, REQUEST, 0, 1, 1, 4) + head,
        }
        on_control = {
            'an unknown type': HEADER.pack(0, 77, 0, 0, 0, 0),
            'half a credit': HEADER.pack(2, CREDIT, 0, 0, 1, 0) + b'\0\0',
        }
        for threads in (1, 2):
            for name, data in [*on_data.items(), *on_control.items()]:
                with self.subTest(name, threads=threads), Worker('application = print', threads=threads) as worker:
                    (worker.data if name in on_data else worker.control).sendall(data)
                    self.assertEqual(worker.record()['code'], 'WORKER_PROTOCOL_BROKEN')
                    self.assertEqual(worker.wait(), 4)

    def test_a_signal_handler_that_raises_in_a_send_never_leaves_half_a_frame_behind_a_good_one(self):
        source = '''
        import signal

        def interrupt(*_):
            raise TimeoutError('alarm')

        signal.signal(signal.SIGALRM, interrupt)

        def application(environ, start_response):
            start_response('200 OK', [])
            return (b'x' * 60_000 for _ in range(1000))
        '''
        with Worker(source, window=1 << 30) as worker:
            worker.send()
            worker.wait_until_it_sends_in_vain()
            os.kill(worker.pid, signal.SIGALRM)
            self.assertEqual(worker.record()['code'], 'APP_EXCEPTION')
            self.assertEqual(worker.record()['code'], 'WORKER_LINK_BROKEN')
            self.assertEqual(worker.wait(), 4)


if __name__ == '__main__':
    unittest.main()
