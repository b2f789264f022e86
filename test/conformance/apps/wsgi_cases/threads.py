"""Threads, the server's and the application's own (PEP 3333, "Thread Support")."""
import json
import os
import threading

from .common import plain, registry, wait_at_gate

APPS, app = registry()
ANSWER_SECONDS = 30


@app
def flags(environ, start_response):
    """Waits at its gate, and tells its process and its flags."""
    wait_at_gate(environ)
    plain(start_response)
    seen = {
        'process': os.getpid(),
        'multithread': bool(environ['wsgi.multithread']),
        'multiprocess': bool(environ['wsgi.multiprocess']),
    }
    return [json.dumps(seen).encode()]


def in_thread(work):
    """What `work` gives in a thread of its own; what it raises is raised here."""
    outcome = {}

    def run():
        try:
            outcome['given'] = work()
        except BaseException as error:
            outcome['raised'] = error

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(ANSWER_SECONDS)
    if 'raised' in outcome:
        raise outcome['raised']
    return outcome['given']


@app
def thread_reads(environ, start_response):
    body = in_thread(lambda: environ['wsgi.input'].read(5))
    plain(start_response)
    return [body]


@app
def thread_starts(environ, start_response):
    in_thread(lambda: plain(start_response, '201 Created'))
    return [b'hello']


@app
def thread_writes(environ, start_response):
    write = plain(start_response)
    in_thread(lambda: write(b'one,'))
    return [b'two']


@app
def thread_complains(environ, start_response):
    in_thread(lambda: environ['wsgi.errors'].write('conformance: from a thread\n'))
    plain(start_response)
    return [b'complained']


@app
def thread_fills(environ, start_response):
    """A thread makes what the iterable gives."""
    import queue

    chunks = queue.Queue()

    def fill():
        for chunk in (b'one,', b'two,', b'three', None):
            chunks.put(chunk)

    plain(start_response)
    threading.Thread(target=fill, daemon=True).start()
    return iter(lambda: chunks.get(timeout=ANSWER_SECONDS), None)
