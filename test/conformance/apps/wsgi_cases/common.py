"""What the applications have in common."""
import socket
import sys

from .records import record

TEXT = ('Content-Type', 'text/plain')
GATE_SECONDS = 60


def registry():
    """A mapping, and a decorator that adds an application to it: `def some_name` as `some-name`."""
    apps = {}

    def app(application):
        apps[application.__name__.replace('_', '-')] = application
        return application

    return apps, app


def plain(start_response, status='200 OK', *headers):
    return start_response(status, [TEXT, *headers])


def sized(start_response, length, status='200 OK'):
    return plain(start_response, status, ('Content-Length', str(length)))


def wait_at_gate(environ):
    """Returns once the case lets it: the gate is a TCP server of the driver's, and it closes."""
    host, _, port = environ['HTTP_X_GATE'].rpartition(':')
    with socket.create_connection((host, int(port)), GATE_SECONDS) as gate:
        while gate.recv(1024):
            pass


class Broken(Exception):
    """What an application raises where its case says so."""


def fail(start_response, status='500 Replaced', *headers):
    """Calls start_response as an error handler does, in the middle of an exception."""
    try:
        raise Broken('trapped by the application')
    except Broken:
        return start_response(status, [TEXT, ('X-Replaced', 'yes'), *headers], sys.exc_info())


class Body:
    """An iterator whose close() is recorded."""

    def __init__(self, environ, chunks):
        self.environ = environ
        self.chunks = iter(chunks)

    def __iter__(self):
        return self

    def __next__(self):
        return next(self.chunks)

    def close(self):
        record(self.environ, 'close')
