"""Where requests run: in the main thread, or in a few threads that it feeds."""
from __future__ import annotations

import threading
from queue import SimpleQueue

from .endings import end_worker
from .links import DataLink
from .service import Service


def serve_inline(link: DataLink, service: Service) -> None:
    """One slot: read a request, run it, read the next, until the link ends."""
    while True:
        frames = link.receive()
        if frames is None:
            return
        for frame in frames:
            service.run(frame)


def serve_threads(link: DataLink, service: Service, count: int) -> None:
    """`count` slots. Returns when the link has ended and the last request has."""
    queue: SimpleQueue = SimpleQueue()
    threads = [
        threading.Thread(target=_run_slot, args=(queue, service), name=f'slot-{number}', daemon=True)
        for number in range(1, count + 1)
    ]
    for thread in threads:
        thread.start()
    while True:
        frames = link.receive()
        if frames is None:
            break
        for frame in frames:
            queue.put(frame)
    for _ in threads:
        queue.put(None)
    for thread in threads:
        thread.join()


def _run_slot(queue: SimpleQueue, service: Service) -> None:
    while True:
        frame = queue.get()
        if frame is None:
            return
        try:
            service.run(frame)
        except BaseException as error:
            end_worker(error)  # a slot that is lost in silence would hang its front
