"""What a developer asks for: tracebacks for the client (`debug`), and the checks of wsgiref.validate (`lint`)."""
import fcntl
import unittest

from harness import ABORT, DONE, RESPONSE, WorkerTestCase

F_SETPIPE_SZ = 1031  # fcntl.F_SETPIPE_SZ, from Python 3.10

APP = '''
def application(environ, start_response):
    return globals()[environ['PATH_INFO'][1:]](environ, start_response)

def fails(environ, start_response):
    secret = 1
    raise ValueError('böom \\udcff')

def fails_late(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    yield b'begun'
    raise ValueError('boom')

def gives_text(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return ['text']

def many_words(environ, start_response):
    raise ValueError('x' * 1_000_000)

def no_type(environ, start_response):
    start_response('200 OK', [])
    return [b'no Content-Type']

def number_as_status(environ, start_response):
    start_response(200, [('Content-Type', 'text/plain')])
    return []

def correct(environ, start_response):
    body = environ['wsgi.input'].read(3)
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [b'correct ', body]
'''


class Debug(WorkerTestCase):
    APP = APP
    START = {'debug': True}

    def test_a_failure_before_the_head_shows_its_traceback(self):
        response = self.failed('/fails', 'APP_EXCEPTION')
        self.assertEqual(response.frames[0][0], ABORT)
        self.assertTrue(response.body.startswith(b'Traceback (most recent call last):\n'), response.body)
        self.assertRegex(response.body, rb'File ".*/web_app\.py", line \d+, in fails\n')
        self.assertIn('ValueError: böom'.encode(), response.body)
        self.assertNotIn(b'stillhouse_worker', response.body)

    def test_a_failure_in_mid_body_has_its_own_frame(self):
        response = self.failed('/fails_late', 'APP_EXCEPTION')
        self.assertEqual([type for type, _ in response.frames], [RESPONSE, ABORT, DONE])
        self.assertIn(b'ValueError: boom', response.body)

    def test_a_breach_of_pep_3333_says_its_cure(self):
        response = self.failed('/gives_text', 'APP_CHUNK_INVALID')
        self.assertRegex(response.body, rb"cure: write 'text'\.encode\('utf-8'\)")

    def test_what_is_too_long_for_a_frame_is_cut(self):
        fcntl.fcntl(self.worker.stderr, F_SETPIPE_SZ, 1 << 20)  # its record is read after the response
        response = self.failed('/many_words', 'APP_EXCEPTION')
        self.assertEqual(len(response.body), 65536)


class NoDebug(WorkerTestCase):
    APP = APP

    def test_a_failure_shows_nothing(self):
        for path, code in [('/fails', 'APP_EXCEPTION'), ('/gives_text', 'APP_CHUNK_INVALID')]:
            self.assertEqual(self.failed(path, code).body, b'')

    def test_an_application_is_not_checked_more_than_it_need_be(self):
        self.assertEqual(self.worker.get('/no_type').body, b'no Content-Type')


class Lint(WorkerTestCase):
    APP = APP
    START = {'lint': True}

    def test_a_breach_fails_the_request(self):
        self.failed('/no_type', 'APP_EXCEPTION', 'AssertionError: No Content-Type header found')
        self.failed('/gives_text', 'APP_EXCEPTION', "AssertionError: Iterator yielded non-bytestring ('text')")
        self.failed('/number_as_status', 'APP_EXCEPTION', 'AssertionError: Status must be of type str')

    def test_a_correct_application_passes(self):
        for method, body, wanted in [('GET', b'', b'correct '), ('POST', b'abc', b'correct abc'), ('HEAD', b'', b'')]:
            response = self.worker.get('/correct', method=method, body=body)
            self.assertEqual((response.status, response.body, response.aborted), ('200 OK', wanted, False))


if __name__ == '__main__':
    unittest.main()
