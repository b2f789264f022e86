"""prefork.py SERVER PORT PROCESSES FOLDER MODULE: serves MODULE's application by a server of one process, in several
processes. They share a listening socket, or each binds one of its own (SO_REUSEPORT) where the server takes none."""
import importlib
import os
import signal
import socket
import sys

SYSTEMD_FIRST_FD = 3
BACKLOG = 1024
HOST = '127.0.0.1'


def serve_waitress(application, listener):
    from waitress import create_server

    create_server(application, sockets=[listener]).run()


def serve_cheroot(application, listener):
    from cheroot.wsgi import Server

    # The way that it has for a socket from outside is systemd's (sd_listen_fds(3)).
    os.dup2(listener.fileno(), SYSTEMD_FIRST_FD)
    os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1')
    # It listens once more, with a backlog of 5 by default.
    Server(listener.getsockname(), application, request_queue_size=BACKLOG).start()


def serve_bjoern(application, listener):
    import bjoern

    listener.setblocking(False)
    bjoern.server_run(listener, application)


def bind_fastpysgi(application, port):
    import fastpysgi

    fastpysgi.run(application, host=HOST, port=port)


def listen(port):
    listener = socket.create_server((HOST, port), backlog=BACKLOG)
    # The servers set it on the sockets that they make; from this one connections inherit it.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def main(server, port, processes, folder, module):
    serve = globals().get('serve_' + server)
    listener = listen(int(port)) if serve else None
    children = []
    for _ in range(int(processes)):
        child = os.fork()
        if child == 0:
            sys.path.insert(0, folder)
            application = importlib.import_module(module).application
            if serve:
                serve(application, listener)
            else:
                globals()['bind_' + server](application, int(port))
            os._exit(0)
        children.append(child)

    def stop(*_):
        for each in children:
            os.kill(each, signal.SIGKILL)
        os._exit(0)

    signal.signal(signal.SIGTERM, stop)
    for each in children:
        os.waitpid(each, 0)


main(*sys.argv[1:])
