"""PEP 3333's start_response and write(): DESIGN.md section 8, row by row."""
import unittest

from harness import ABORT, DATA, DONE, END, FREE, RESPONSE, WorkerTestCase

APP = '''
import sys

def application(environ, start_response):
    return globals()[environ['PATH_INFO'][1:]](environ, start_response)

def late(environ, start_response):
    yield b''
    start_response('201 Created', [('X-Late', 'yes')])
    yield b''
    yield b'one'
    yield b'two'

def never(environ, start_response):
    return [b'body']

def never_empty(environ, start_response):
    return iter(())

def never_lazy(environ, start_response):
    yield b'body'

def after_first_chunk(environ, start_response):
    yield b'early'
    start_response('200 OK', [])

def empty(environ, start_response):
    start_response('200 OK', [])
    yield b''
    start_response('202 Replaced', [], sys_error())
    yield b''

def sys_error():
    try:
        raise ValueError('replaced')
    except ValueError:
        return sys.exc_info()

def twice(environ, start_response):
    start_response('200 OK', [])
    start_response('200 OK', [])
    return [b'body']

def twice_swallowed(environ, start_response):
    start_response('200 OK', [])
    try:
        start_response('201 Created', [])
    except Exception:
        pass
    return [b'body']

def replaced(environ, start_response):
    start_response('200 OK', [('Content-Length', '99'), ('X-Old', 'x')])
    start_response('500 Oops', [('X-New', 'y')], sys_error())
    return [b'sorry']

def recovered(environ, start_response):
    try:
        start_response('200 OK', [('Bad Name', 'x')])
    except Exception:
        start_response('500 Oops', [], sys.exc_info())
    return [b'sorry']

def too_late(environ, start_response):
    start_response('200 OK', [])
    yield b'part'
    start_response('500 Oops', [], sys_error())
    yield b'never'

def no_error(environ, start_response):
    start_response('200 OK', [])
    start_response('200 OK', [], (None, None, None))
    return [b'body']

def written(environ, start_response):
    write = start_response('200 OK', [])
    write(b'a')
    write(b'')
    write(b'b')
    return [b'c', b'd']

def written_empty(environ, start_response):
    write = start_response('200 OK', [])
    write(b'')
    start_response('203 Replaced', [], sys_error())
    return []

def written_str(environ, start_response):
    start_response('200 OK', [])('text')
    return []

def written_too_long(environ, start_response):
    write = start_response('200 OK', [('Content-Length', '3')])
    write(b'ab')
    try:
        write(b'cd')
    except Exception as error:
        if environ['QUERY_STRING'] == 'raise':
            raise
    return [b'e']

kept = []

def written_late(environ, start_response):
    kept.append(start_response('200 OK', []))
    return [b'whole']

def write_again(environ, start_response):
    kept[0](b'late')

def interim(environ, start_response):
    start_response('100 Continue', [])
    return []

def mutated(environ, start_response):
    headers = [('A', '1')]
    start_response('200 OK', headers)
    headers.append(('B', '2'))
    return [b'x']
'''


class StartResponse(WorkerTestCase):
    APP = APP

    def test_a_late_call_counts_until_the_first_bytes(self):
        response = self.worker.get('/late')
        self.assertEqual((response.status, response.headers), ('201 Created', [('X-Late', 'yes')]))
        self.assertEqual(response.body, b'onetwo')
        self.assertEqual(response.frames, [(RESPONSE, 0), (DATA, 0), (DATA, END), (DONE, 0)])

    def test_no_call_is_an_error(self):
        for name in ('never', 'never_empty', 'never_lazy', 'after_first_chunk'):
            with self.subTest(name):
                self.refused(f'/{name}', 'APP_NO_START_RESPONSE', 'web_app:application', 'call start_response')

    def test_an_empty_chunk_never_sends_the_head(self):
        response = self.worker.get('/empty')
        self.assertEqual((response.status, response.body), ('202 Replaced', b''))

    def test_a_second_call_without_exc_info_is_an_error(self):
        self.refused('/twice', 'APP_START_RESPONSE_TWICE', 'exc_info', 'in twice')
        self.refused('/twice_swallowed', 'APP_START_RESPONSE_TWICE')

    def test_exc_info_before_the_head_replaces_status_headers_and_length(self):
        response = self.worker.get('/replaced')
        self.assertEqual((response.status, response.headers, response.body), ('500 Oops', [('X-New', 'y')], b'sorry'))
        self.assertEqual(response.frames, [(RESPONSE, END | FREE)])

    def test_an_application_can_recover_from_its_own_bad_header(self):
        self.assertEqual(self.worker.get('/recovered').status, '500 Oops')

    def test_exc_info_after_the_head_is_raised_again(self):
        response = self.failed('/too_late', 'APP_EXCEPTION', 'ValueError: replaced', 'in sys_error')
        self.assertEqual((response.body, response.frames), (b'part', [(RESPONSE, 0), (ABORT, 0), (DONE, 0)]))

    def test_exc_info_without_an_exception_replaces_too(self):
        self.assertEqual(self.worker.get('/no_error').body, b'body')

    def test_write_keeps_its_order_with_the_iterable(self):
        response = self.worker.get('/written')
        self.assertEqual(response.body, b'abcd')
        # Chunks that come soon after another may leave in one frame with it.
        self.assertEqual((response.frames[0], response.frames[-1]), ((RESPONSE, 0), (DATA, END | FREE)))
        self.assertEqual(set(response.frames[1:-1]), {(DATA, 0)})

    def test_an_empty_write_does_not_send_the_head(self):
        self.assertEqual(self.worker.get('/written_empty').status, '203 Replaced')

    def test_write_of_str_is_refused(self):
        words = ["wrote str 'text'", "'text'.encode('utf-8')", 'in written_str']
        self.refused('/written_str', 'APP_CHUNK_INVALID', *words)

    def test_write_past_the_length_raises_and_is_told_of_once(self):
        for query in ('raise', 'catch'):
            words = 'Content-Length of 3 bytes'
            response = self.failed('/written_too_long', 'APP_BODY_TOO_LONG', words, QUERY_STRING=query)
            self.assertEqual((response.body, response.aborted), (b'abc', False))

    def test_write_after_the_end_is_refused(self):
        self.worker.get('/written_late')
        self.refused('/write_again', 'APP_WRITE_AFTER_END')

    def test_an_interim_status_is_refused(self):
        self.refused('/interim', 'APP_STATUS_INVALID', '100 Continue', 'in interim')

    def test_headers_are_taken_when_they_are_given(self):
        self.assertEqual(self.worker.get('/mutated').headers, [('A', '1')])


if __name__ == '__main__':
    unittest.main()
