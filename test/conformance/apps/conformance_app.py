"""The application of the WSGI conformance suite: `application`, for any server of PEP 3333.

The header X-App chooses which of its applications a request is for, X-Run under which name it records what it sees, and X-Gate
where it waits. Run it in one process, with any number of threads; or in several on one machine, with CONFORMANCE_RECORDS
naming a folder that all of them may write to. Python 3.9 or later, standard library only.
"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from wsgi_cases import bodies, closing, environs, errors, files, heads, inputs, lengths, start, threads, writing  # noqa: E402
from wsgi_cases.common import plain  # noqa: E402
from wsgi_cases.records import report  # noqa: E402


def index(environ, start_response):
    plain(start_response)
    return [b'The application of the WSGI conformance suite: see conformance_app.py.\n']


def hello(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain'), ('Content-Length', '5')])
    return [b'hello']


APPS = {'index': index, 'hello': hello, 'report': report}
for theme in (bodies, closing, environs, errors, files, heads, inputs, lengths, start, threads, writing):
    APPS.update(theme.APPS)


def application(*arguments, **keywords):
    environ, start_response = arguments
    environ['conformance.positional'] = keywords == {}
    return APPS[environ.get('HTTP_X_APP', 'index')](environ, start_response)
