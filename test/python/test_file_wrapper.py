"""wsgi.file_wrapper: offset, length, closing, files without a descriptor, middleware."""
import unittest

from harness import DATA, DONE, END, RESPONSE, WorkerTestCase

APP = '''
import io

class Noisy:
    """A file without a descriptor that says what is done with it."""

    def __init__(self, text, offset=0):
        self.file = io.BytesIO(text)
        self.file.seek(offset)

    def read(self, size):
        data = self.file.read(size)
        print('read', size, len(data))
        return data

    def close(self):
        print('close')

class Endless:
    def read(self, size):
        return b'x' * size

def application(environ, start_response):
    name, length = environ['PATH_INFO'][1:], environ.get('HTTP_LENGTH')
    start_response('200 OK', [('Content-Length', length)] if length else [])
    if name == 'real':
        file = open(__file__, 'rb')
        file.seek(10)
    elif name == 'text':
        file = open(__file__)
    elif name == 'endless':
        file = Endless()
    else:
        file = Noisy(b'0123456789' * 10_000, 5)
    wrapped = environ['wsgi.file_wrapper'](file, 1000)
    if name == 'closed':
        wrapped.close()
    if name == 'middleware':
        return (block for block in wrapped)
    return wrapped
'''


class FileWrapper(WorkerTestCase):
    APP = APP

    def printed(self, *lines):
        self.assertEqual([self.worker.line(self.worker.stdout) for _ in lines], list(lines))

    def test_from_the_offset_in_large_blocks_closed_once(self):
        response = self.worker.get('/noisy')
        self.assertEqual(response.body, (b'0123456789' * 10_000)[5:])
        self.assertEqual(response.frames, [(RESPONSE, 0), (DATA, 0), (DATA, END), (DONE, 0)])
        self.printed('read 65536 65536', 'read 65536 34459', 'read 65536 0', 'close')
        self.worker.get('/closed', HTTP_LENGTH='1')
        self.printed('close', 'read 1 1')

    def test_never_past_content_length(self):
        response = self.worker.get('/noisy', HTTP_LENGTH='70000')
        self.assertEqual(response.body, (b'0123456789' * 10_000)[5:70005])
        self.assertEqual(response.frames[-2:], [(DATA, END), (DONE, 0)])
        self.printed('read 65536 65536', 'read 4464 4464', 'close')

    def test_a_real_file(self):
        source = (self.worker.directory / 'web_app.py').read_bytes()
        self.assertEqual(self.worker.get('/real').body, source[10:])
        self.assertEqual(self.worker.get('/real', HTTP_LENGTH='7').body, source[10:17])

    def test_an_object_that_cannot_be_closed(self):
        self.assertEqual(self.worker.get('/endless', HTTP_LENGTH='100000').body, b'x' * 100_000)

    def test_middleware_iterates_over_it(self):
        self.assertEqual(self.worker.get('/middleware').body, (b'0123456789' * 10_000)[5:])
        self.printed(*['read 1000 1000'] * 99, 'read 1000 995', 'read 1000 0')

    def test_a_file_shorter_than_its_length(self):
        self.assertTrue(self.failed('/noisy', 'APP_BODY_TOO_SHORT', HTTP_LENGTH='100000').aborted)
        self.printed('read 65536 65536', 'read 34464 34459', 'read 5 0', 'close')

    def test_head_reads_no_more_than_a_block(self):
        response = self.worker.get('/noisy', method='HEAD', HTTP_LENGTH='99995')
        self.assertEqual((response.headers, response.body), ([('Content-Length', '99995')], b''))
        self.printed('read 65536 65536', 'close')

    def test_a_file_opened_as_text(self):
        self.refused('/text', 'APP_CHUNK_INVALID', 'yielded str', "'rb'")


if __name__ == '__main__':
    unittest.main()
