"""The program that everyone learns WSGI from (PEP 3333)."""


def application(environ, start_response):
    body = b'Index' if environ['PATH_INFO'] == '/' else b'Hello'
    start_response('200 OK', [('Content-Type', 'text/plain'), ('Content-Length', str(len(body)))])
    return [body]


if __name__ == '__main__':
    from wsgiref.simple_server import make_server

    with make_server('localhost', 8051, application) as httpd:
        httpd.serve_forever()
