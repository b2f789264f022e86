"""serve.py SERVER PORT: serves the suite's application by a server that is a library: wsgiref, waitress or cheroot, each as its own
documentation shows first."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'apps'))

from conformance_app import application  # noqa: E402

HOST = '127.0.0.1'


def serve_wsgiref(port):
    from wsgiref.simple_server import make_server

    make_server(HOST, port, application).serve_forever()


def serve_waitress(port):
    from waitress import serve

    serve(application, listen=f'{HOST}:{port}')


def serve_cheroot(port):
    from cheroot.wsgi import Server

    Server((HOST, port), application).start()


globals()['serve_' + sys.argv[1]](int(sys.argv[2]))
