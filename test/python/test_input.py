"""The environ: wsgi.input in memory and from a file, wsgi.errors, the flags."""
import os
import struct
import tempfile
import unittest

from harness import PATH, SHARED, Worker, WorkerTestCase

APP = '''
def application(environ, start_response):
    start_response('200 OK', [])
    return [repr(globals()[environ['PATH_INFO'][1:]](environ)).encode()]

def methods(environ):
    body = environ['wsgi.input']
    first = [body.read(2), body.readline(), body.readline(3), body.readlines(1), list(body)]
    return first + [body.read(), body.read(5), body.readline()]

def flags(environ):
    names = 'version multithread multiprocess run_once input_terminated url_scheme'.split()
    return [environ[f'wsgi.{name}'] for name in names] + [type(environ) is dict]

def pairs(environ):
    return environ['HTTP_X_TEXT'].encode('latin-1').decode('utf-8'), environ['QUERY_STRING']

def errors(environ):
    stream = environ['wsgi.errors']
    stream.write('one\\ntw')
    stream.writelines(['o\\n', '\\n', 'three'])
    stream.flush()
    stream.flush()
    print('four', file=stream)
    stream.write('at the end')

def wrong_type(environ):
    environ['wsgi.errors'].write(b'bytes')
'''
BODY = b'abcd\nefghij\nkl\nmn'
READ = [b'ab', b'cd\n', b'efg', [b'hij\n'], [b'kl\n', b'mn'], b'', b'', b'']


class Input(WorkerTestCase):
    APP = APP

    def test_in_the_frame(self):
        self.assertEqual(eval(self.worker.get('/methods', method='POST', body=BODY).body), READ)
        self.assertEqual(eval(self.worker.get('/methods').body)[0], b'')

    def test_five_megabytes_in_the_frame(self):
        body = os.urandom(1 << 20) * 5
        response = self.worker.get('/methods', body=body + b'\nlast')
        self.assertEqual(eval(response.body)[0], body[:2])

    def test_from_a_file(self):
        with tempfile.NamedTemporaryFile(prefix='stillhouse-é-') as file:
            file.write(BODY)
            file.flush()
            path = file.name.encode()
            response = self.worker.get('/methods', body=path, flags=PATH, CONTENT_LENGTH=str(len(BODY)))
            self.assertEqual(eval(response.body), READ)
            for length in (str(len(BODY) + 1), str(len(BODY) - 1), ''):
                request = {'body': path, 'flags': PATH, 'CONTENT_LENGTH': length}
                self.refused('/methods', 'WORKER_INPUT_INCOMPLETE', file.name, **request)
        self.refused('/methods', 'WORKER_INPUT_INCOMPLETE', 'No such file', body=path, flags=PATH, CONTENT_LENGTH='17')

    def test_from_the_file_of_bodies(self):
        self.worker.share(b'another body, which stands before it\n')
        place = self.worker.share(BODY, 100)
        for _ in range(2):
            self.assertEqual(eval(self.worker.get('/methods', body=place, flags=SHARED).body), READ)
        large = os.urandom(1 << 20)
        place = self.worker.share(large + b'\nlast', 1 << 14)
        self.assertEqual(eval(self.worker.get('/methods', body=place, flags=SHARED).body)[0], large[:2])
        beyond = struct.pack('<II', 1 << 14, 2 << 20)
        self.refused('/methods', 'WORKER_INPUT_INCOMPLETE', f'byte {(1 << 14) + (2 << 20)}', body=beyond, flags=SHARED)

    def test_the_file_is_closed_after_the_request(self):
        before = os.listdir(f'/proc/{self.worker.pid}/fd')
        with tempfile.NamedTemporaryFile() as file:
            for _ in range(3):
                self.worker.get('/methods', body=file.name.encode(), flags=PATH, CONTENT_LENGTH='0')
        self.worker.get('/methods')  # the last request is over once the next one is
        self.assertEqual(os.listdir(f'/proc/{self.worker.pid}/fd'), before)

    def test_the_pairs(self):
        response = self.worker.get('/pairs', HTTP_X_TEXT='é€'.encode().decode('latin-1'), QUERY_STRING='')
        self.assertEqual(eval(response.body), ('é€', ''))

    def test_errors_are_records_with_the_id_of_their_request(self):
        self.worker.get('/errors', HTTP_X_REQUEST_ID='abc')
        for text in ('one\ntwo', 'three', 'four', 'at the end'):
            self.assertEqual(self.worker.record(), {'level': 'error', 'message': text, 'request': 'abc'})

    def test_errors_take_str_alone(self):
        self.refused('/wrong_type', 'APP_EXCEPTION', 'wsgi.errors takes str')


class Flags(unittest.TestCase):
    def test_they_tell_the_truth(self):
        for threads, multiprocess in [(1, False), (2, True)]:
            with Worker(APP, threads=threads, multiprocess=multiprocess) as worker:
                flags = eval(worker.get('/flags').body)
                self.assertEqual(flags, [(1, 0), threads > 1, multiprocess, False, True, 'http', True])


if __name__ == '__main__':
    unittest.main()
