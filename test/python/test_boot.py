"""The process: old interpreters, starting by hand, output, signal handlers."""
import subprocess
import sys
import unittest

from harness import BOOT, FAILED, Worker


class Interpreters(unittest.TestCase):
    def test_one_that_is_too_old(self):
        code = 'import runpy, sys; sys.version_info = (3, 8, 10); runpy.run_path(sys.argv[1], run_name="__main__")'
        with Worker('', script=['-c', code, str(BOOT)], ready=False) as worker:
            failure = worker.hear(FAILED)
            self.assertEqual(failure['code'], 'APP_RUNTIME_UNSUPPORTED')
            self.assertIn('Python 3.8.10', failure['message'])
            self.assertIn('--python', failure['cure'])
            self.assertEqual(worker.wait(), 3)

    def test_boot_parses_under_python_2(self):
        source = BOOT.read_text('ascii')
        for newer in ("f'", 'f"', ' -> ', ':=', 'nonlocal', 'async ', 'print('):
            self.assertNotIn(newer, source)

    def test_started_by_hand(self):
        done = subprocess.run([sys.executable, str(BOOT)], capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stdout), (2, ''))
        self.assertIn('stillhouse', done.stderr)
        self.assertEqual(done.stderr.count('\n'), 1)


class Output(unittest.TestCase):
    def test_a_printed_line_is_there_at_once(self):
        source = '''
        print('import é \\udc80')
        def application(environ, start_response):
            print('request')
            start_response('200 OK', [])
            return []
        '''
        with Worker(source) as worker:
            self.assertEqual(worker.line(worker.stdout), 'import é \\udc80')
            worker.get()
            self.assertEqual(worker.line(worker.stdout), 'request')

    def test_signal_handlers_are_left_alone(self):
        source = '''
        import signal
        handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
        assert handlers == [signal.default_int_handler, signal.SIG_DFL, signal.SIG_DFL], handlers
        application = print
        '''
        Worker(source).__exit__()


class Environment(unittest.TestCase):
    def test_a_module_that_changes_folder_and_closes_its_output_is_still_served(self):
        source = '''
        import os, sys
        os.chdir('/')
        sys.stdout.close()
        sys.stderr.close()
        def application(environ, start_response):
            raise ValueError('still told')
        '''
        with Worker(source) as worker:
            self.assertTrue(worker.get().aborted)
            self.assertEqual(worker.stop(), 0)


if __name__ == '__main__':
    unittest.main()
