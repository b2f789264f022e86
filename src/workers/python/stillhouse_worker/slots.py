"""Where requests run: in the main thread, or in a few threads that it feeds."""
from __future__ import annotations

import threading

from .endings import end_worker
from .inbox import Inbox
from .interruption import ThreadInterruption
from .running import Slot
from .service import Service


def serve_inline(inbox: Inbox, service: Service, slot: Slot) -> None:
    """One slot: read a request, run it, read the next, until the link ends."""
    while (frame := inbox.next()) is not None:
        service.run(frame, slot)


def serve_threads(inbox: Inbox, service: Service, slots: list[Slot]) -> None:
    """A thread for each slot. Returns when the link has ended and the last request has."""
    threads = [
        threading.Thread(target=_run_slot, args=(inbox, service, slot), name=f'slot-{number}', daemon=True)
        for number, slot in enumerate(slots, 1)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _run_slot(inbox: Inbox, service: Service, slot: Slot) -> None:
    slot.interruption = ThreadInterruption(slot)
    try:
        serve_inline(inbox, service, slot)
    except BaseException as error:
        end_worker(error)  # a slot that is lost in silence would hang its front
