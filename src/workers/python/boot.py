"""The script of a Stillhouse Python worker: `python3 boot.py`, with the links on descriptors 3 and 4.

It must parse under every Python that a user may name, 2.7 included, so that one that is too old gets a clear answer.
The guard at the end is for `multiprocessing`, which imports the main script again in each child that it spawns.
"""
import os
import sys

OLDEST = (3, 9)


def main():
    if sys.version_info < OLDEST:
        return refuse_runtime()
    here = os.path.dirname(os.path.realpath(__file__))
    # The package's parent is on the path for this import only: the application must not import our files by accident.
    sys.path.insert(0, here)
    try:
        from stillhouse_worker.main import run
    finally:
        sys.path[:] = [entry for entry in sys.path if os.path.realpath(entry) != here]
    return run()


def refuse_runtime():
    """Answer START with FAILED, or print where there is no control link; return the exit status 3."""
    import json
    import struct

    found = '.'.join(str(part) for part in sys.version_info[:3])
    message = 'Python %s (%s) is too old: a Stillhouse worker needs Python 3.9 or newer' % (found, sys.executable)
    cure = 'name a newer interpreter with --python'
    try:
        header = struct.Struct('<IBBHII')
        size = header.unpack(read_exactly(4, header.size))[0]
        read_exactly(4, size)
        failure = {'code': 'APP_RUNTIME_UNSUPPORTED', 'message': message, 'cure': cure, 'traceback': ''}
        body = json.dumps(failure).encode('ascii')
        os.write(4, header.pack(len(body), 18, 0, 0, 0, 0) + body)
    except (OSError, EOFError):
        sys.stderr.write('%s; cure: %s\n' % (message, cure))
    return 3


def read_exactly(descriptor, size):
    data = b''
    while len(data) < size:
        piece = os.read(descriptor, size - len(data))
        if not piece:
            raise EOFError('the control link was closed')
        data += piece
    return data


if __name__ == '__main__':
    sys.exit(main())
