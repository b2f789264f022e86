"""Bodies: their lengths, their types, close(), HEAD and statuses without a body (DESIGN.md section 8)."""
import unittest

from harness import ABORT, DATA, DONE, END, FREE, RESPONSE, WorkerTestCase

APP = '''
import sys

def application(environ, start_response):
    name = environ['PATH_INFO'][1:]
    length = environ.get('HTTP_LENGTH')
    status = environ.get('HTTP_STATUS', '200 OK')
    start_response(status, [('Content-Length', length)] if length else [])
    return BODIES[name]()

def generate(*chunks):
    def body():
        for chunk in chunks:
            yield chunk
        print('generator finished')
    return body

class Body:
    """Says what is done with it."""

    def __init__(self, *chunks):
        self.chunks = list(chunks)

    def __iter__(self):
        return self

    def __next__(self):
        if not self.chunks:
            raise StopIteration
        chunk = self.chunks.pop(0)
        if isinstance(chunk, BaseException):
            raise chunk
        print('next', chunk)
        return chunk

    def close(self):
        print('close')

class BadClose(Body):
    def close(self):
        super().close()
        raise RuntimeError('close failed')

class Indexed:
    def __getitem__(self, index):
        return [b'a', b'b'][index]

async def coroutine():
    return []

BODIES = {
    'list': lambda: [b'ab', b'', b'cd'],
    'tuple': lambda: (b'abcd',),
    'nothing': lambda: [],
    'generator': generate(b'ab', b'cd'),
    'iterator': lambda: iter([b'ab', b'cd']),
    'indexed': Indexed,
    'big': lambda: [b'x' * 300_000, b'y' * 50_000],
    'body': lambda: Body(b'ab', b'cd'),
    'middle': lambda: Body(b'ab', ValueError('in the middle'), b'cd'),
    'start': lambda: Body(ValueError('at the start')),
    'exit': lambda: Body(SystemExit(5)),
    'interrupt': lambda: Body(KeyboardInterrupt()),
    'generator_exit': lambda: Body(GeneratorExit()),
    'bad_close': lambda: BadClose(b'abcd'),
    'both_bad': lambda: BadClose(ValueError('first')),
    'list_str': lambda: ['Hello'],
    'generator_str': generate(b'ok', 'Hello'),
    'empty_str': generate(''),
    'list_none': lambda: [None],
    'bytearray': lambda: [bytearray(b'x')],
    'dict': lambda: {'a': b'x'},
    'str': lambda: 'text',
    'bytes': lambda: b'text',
    'none': lambda: None,
    'number': lambda: 5,
    'coroutine': coroutine,
}
'''


class Bodies(WorkerTestCase):
    APP = APP

    def printed(self, *lines):
        for line in lines:
            self.assertEqual(self.worker.line(self.worker.stdout), line)

    def test_a_list_is_one_frame(self):
        for path, length in [('/list', None), ('/list', '4'), ('/tuple', None), ('/tuple', '4')]:
            response = self.worker.get(path, **({'HTTP_LENGTH': length} if length else {}))
            self.assertEqual((response.body, response.frames), (b'abcd', [(RESPONSE, END | FREE)]))
        self.assertEqual(self.worker.get('/nothing').frames, [(RESPONSE, END | FREE)])

    def test_a_list_over_the_window_is_streamed_with_its_length(self):
        response = self.worker.get('/big')
        self.assertEqual(response.headers, [('Content-Length', '350000')])
        self.assertEqual(response.body, b'x' * 300_000 + b'y' * 50_000)
        self.assertEqual(response.frames[-2:], [(DATA, END), (DONE, 0)])

    def test_the_last_byte_is_sent_before_close(self):
        response = self.worker.get('/body', HTTP_LENGTH='4')
        self.assertEqual(response.frames, [(RESPONSE, 0), (DATA, END), (DONE, 0)])
        self.printed("next b'ab'", "next b'cd'", 'close')

    def test_without_a_length_the_end_is_known_at_exhaustion(self):
        self.assertEqual(self.worker.get('/body').frames, [(RESPONSE, 0), (DATA, 0), (DATA, END), (DONE, 0)])
        self.printed("next b'ab'", "next b'cd'", 'close')
        self.assertEqual(self.worker.get('/iterator').frames, [(RESPONSE, 0), (DATA, 0), (DATA, END | FREE)])
        self.assertEqual(self.worker.get('/indexed').body, b'ab')

    def test_a_generator_with_a_length_runs_to_its_end(self):
        self.assertEqual(self.worker.get('/generator', HTTP_LENGTH='4').frames, [(RESPONSE, 0), (DATA, END), (DONE, 0)])
        self.printed('generator finished')

    def test_a_body_longer_than_its_length_is_cut_off(self):
        response = self.failed('/body', 'APP_BODY_TOO_LONG', 'Content-Length of 3 bytes', HTTP_LENGTH='3')
        self.assertEqual((response.body, response.aborted), (b'abc', False))
        self.printed("next b'ab'", "next b'cd'", 'close')
        response = self.failed('/body', 'APP_BODY_TOO_LONG', HTTP_LENGTH='0')
        self.assertEqual((response.body, response.frames), (b'', [(RESPONSE, END), (DONE, 0)]))
        self.printed("next b'ab'", 'close')
        self.assertEqual(self.failed('/list', 'APP_BODY_TOO_LONG', HTTP_LENGTH='1').body, b'a')

    def test_a_body_shorter_than_its_length_closes_the_connection(self):
        for path in ('/list', '/generator', '/body'):
            words = 'sent 4 bytes where its Content-Length says 9'
            response = self.failed(path, 'APP_BODY_TOO_SHORT', words, HTTP_LENGTH='9')
            self.assertEqual((response.body, response.aborted, response.frames[0]), (b'abcd', True, (RESPONSE, 0)))
        self.printed('generator finished', "next b'ab'", "next b'cd'", 'close')
        self.assertTrue(self.failed('/nothing', 'APP_BODY_TOO_SHORT', HTTP_LENGTH='9').aborted)

    def test_an_exception_in_mid_body_cuts_the_connection_and_closes(self):
        response = self.failed('/middle', 'APP_EXCEPTION', 'ValueError: in the middle', 'in __next__')
        self.assertEqual((response.body, response.frames), (b'ab', [(RESPONSE, 0), (ABORT, 0), (DONE, 0)]))
        self.printed("next b'ab'", 'close')

    def test_every_exception_before_the_head_is_a_500_and_the_worker_lives(self):
        for path, words in [('/start', 'ValueError: at the start'), ('/exit', 'SystemExit: 5'),
                            ('/interrupt', 'KeyboardInterrupt'), ('/generator_exit', 'GeneratorExit')]:
            with self.subTest(path):
                response = self.failed(path, 'APP_EXCEPTION', f'web_app:application raised {words}')
                self.assertEqual(response.frames, [(ABORT, 0), (DONE, 0)])
                self.printed('close')

    def test_an_exception_in_close_is_logged_and_changes_nothing(self):
        response = self.failed('/bad_close', 'APP_CLOSE_FAILED', 'RuntimeError: close failed', 'in close')
        self.assertEqual((response.body, response.aborted), (b'abcd', False))
        self.printed("next b'abcd'", 'close')

    def test_an_exception_in_close_after_one_in_the_body(self):
        self.assertTrue(self.failed('/both_bad', 'APP_EXCEPTION', 'ValueError: first').aborted)
        self.assertEqual(self.worker.record()['code'], 'APP_CLOSE_FAILED')
        self.printed('close')

    def test_head_keeps_the_length_and_drops_the_body(self):
        response = self.worker.get('/list', method='HEAD', HTTP_LENGTH='4')
        self.assertEqual((response.headers, response.body), ([('Content-Length', '4')], b''))
        self.assertEqual(response.frames, [(RESPONSE, END | FREE)])
        self.assertEqual(self.worker.get('/list', method='HEAD').headers, [('Content-Length', '4')])
        self.assertEqual(self.worker.get('/nothing', method='HEAD', HTTP_LENGTH='9').aborted, False)

    def test_head_stops_an_iterator_at_its_first_bytes_and_claims_no_length(self):
        response = self.worker.get('/body', method='HEAD')
        self.assertEqual((response.headers, response.body), ([], b''))
        self.assertEqual(response.frames, [(RESPONSE, 0), (DATA, END), (DONE, 0)])
        self.printed("next b'ab'", 'close')

    def test_204_and_304_have_no_body(self):
        response = self.worker.get('/body', HTTP_STATUS='204 No Content', HTTP_LENGTH='4')
        self.assertEqual((response.headers, response.body, response.aborted), ([], b'', False))
        self.printed("next b'ab'", 'close')
        response = self.worker.get('/list', HTTP_STATUS='304 Not Modified', HTTP_LENGTH='9')
        self.assertEqual((response.headers, response.body), ([('Content-Length', '9')], b''))
        self.assertEqual(response.frames, [(RESPONSE, END | FREE)])

    def test_a_str_chunk_is_refused_with_its_cure(self):
        message = (
            "web_app:application yielded str 'Hello', but a WSGI body is bytes "
            "(PEP 3333, \"A Note on String Types\"); cure: write 'Hello'.encode('utf-8')"
        )
        self.refused('/list_str', 'APP_CHUNK_INVALID', message)
        response = self.failed('/generator_str', 'APP_CHUNK_INVALID', message, 'web_app.py", line ', 'in body')
        self.assertTrue(response.aborted)
        self.refused('/empty_str', 'APP_CHUNK_INVALID', "yielded str ''")

    def test_other_chunks_that_are_not_bytes(self):
        self.refused('/list_none', 'APP_CHUNK_INVALID', 'yielded None')
        self.refused('/bytearray', 'APP_CHUNK_INVALID', 'write bytes(chunk)')
        self.refused('/dict', 'APP_CHUNK_INVALID', "yielded str 'a'")

    def test_a_body_that_is_no_iterable_of_bytes(self):
        self.refused('/str', 'APP_BODY_IS_CHUNK', "returned str 'text'", "return [body.encode('utf-8')]")
        words = ["returned bytes b'text'", 'one number at a time', 'return [body]']
        self.refused('/bytes', 'APP_BODY_IS_CHUNK', *words)
        self.refused('/none', 'APP_BODY_NOT_ITERABLE', 'returned None')
        self.refused('/number', 'APP_BODY_NOT_ITERABLE', 'returned int 5')
        self.refused('/coroutine', 'APP_BODY_NOT_ITERABLE', 'not async')


class HopByHop(WorkerTestCase):
    APP = '''
    def application(environ, start_response):
        start_response('200 OK', [('Connection', 'close'), ('X-Kept', 'yes')])
        return [b'x']
    '''

    def test_hop_by_hop_headers_are_dropped_with_one_warning(self):
        response = self.failed('/', 'APP_HOP_BY_HOP', 'Connection', level='warn')
        self.assertEqual(response.headers, [('X-Kept', 'yes')])
        self.assertEqual(self.worker.get('/').headers, [('X-Kept', 'yes')])
        self.assertTrue(self.worker.no_more_records())


if __name__ == '__main__':
    unittest.main()
