"""The standard library's wsgiref.validate as the oracle: it asserts the server's side of PEP 3333 too."""
import tempfile
import unittest

from harness import PATH, WorkerTestCase


class Validated(WorkerTestCase):
    APP = '''
    from wsgiref.validate import validator

    @validator
    def application(environ, start_response):
        body = environ['wsgi.input'].read(int(environ['CONTENT_LENGTH'] or 0))
        environ['wsgi.errors'].write('seen\\n')
        write = start_response('200 OK', [('Content-Type', 'text/plain')])
        if environ['PATH_INFO'] == '/write':
            write(b'written ')
        return [b'body ', body]
    '''

    def test_the_validator_has_no_complaint(self):
        for path, method, body, wanted in [('/', 'GET', b'', b'body '), ('/', 'POST', b'abc', b'body abc'),
                                           ('/write', 'POST', b'abc', b'written body abc'), ('/', 'HEAD', b'', b'')]:
            with self.subTest(path=path, method=method):
                response = self.worker.get(path, method=method, body=body)
                self.assertEqual((response.status, response.body, response.aborted), ('200 OK', wanted, False))
                self.assertEqual(self.worker.record()['message'], 'seen')

    def test_nor_with_a_body_in_a_file(self):
        with tempfile.NamedTemporaryFile() as file:
            file.write(b'x' * 70_000)
            file.flush()
            request = {'body': file.name.encode(), 'flags': PATH, 'CONTENT_LENGTH': '70000'}
            self.assertEqual(self.worker.get('/', method='POST', **request).body, b'body ' + b'x' * 70_000)
            self.assertEqual(self.worker.record()['message'], 'seen')


if __name__ == '__main__':
    unittest.main()
