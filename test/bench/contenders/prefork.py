"""prefork.py SERVER PORT PROCESSES FOLDER MODULE: serves MODULE's application by waitress or cheroot, which are servers
of one process, in several processes that share a listening socket."""
import importlib
import os
import signal
import socket
import sys

SYSTEMD_FIRST_FD = 3
BACKLOG = 1024


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


def main(server, port, processes, folder, module):
    listener = socket.create_server(('127.0.0.1', int(port)), backlog=BACKLOG)
    # Both servers set it on the sockets that they make; from this one connections inherit it.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    children = []
    for _ in range(int(processes)):
        child = os.fork()
        if child == 0:
            sys.path.insert(0, folder)
            application = importlib.import_module(module).application
            globals()['serve_' + server](application, listener)
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
