"""What applications record, under the name of their run, and the report of it."""
import json
import os
import threading

FOLDER = os.environ.get('CONFORMANCE_RECORDS')
MEMORY = {}
LOCK = threading.Lock()


def record(environ, what):
    """Records a line under the run of a request."""
    run = environ['HTTP_X_RUN']
    with LOCK:
        if FOLDER is None:
            MEMORY.setdefault(run, []).append(what)
            return
        with open(path_of(run), 'a') as file:
            file.write(what + '\n')


def recorded(run):
    with LOCK:
        if FOLDER is None:
            return list(MEMORY.get(run, []))
        try:
            with open(path_of(run)) as file:
                return file.read().splitlines()
        except FileNotFoundError:
            return []


def path_of(run):
    return os.path.join(FOLDER, 'run-' + ''.join(c for c in run if c.isalnum() or c == '-'))


def report(environ, start_response):
    body = json.dumps(recorded(environ['HTTP_X_RUN'])).encode()
    start_response('200 OK', [('Content-Type', 'application/json'), ('Content-Length', str(len(body)))])
    return [body]
