"""The worker's own log records: JSON text sequences (RFC 7464) on descriptor 2, and `wsgi.errors` made of them."""
from __future__ import annotations

import json
import os
from typing import Iterable

STDERR = 2
MAX_TEXT = 32 << 10  # characters of a message, and of a traceback


def write_record(level: str, message: str, code: str = '', traceback: str = '', request: str | None = None) -> None:
    """One record in one write. `level`: debug, info, warn or error. `request`: the id of the request it belongs to."""
    record = {'level': level, 'message': _shorten(message)}
    if code:
        record['code'] = code
    if traceback:
        record['traceback'] = _shorten(traceback)
    if request:
        record['request'] = request
    data = b'\x1e' + json.dumps(record).encode('ascii') + b'\n'
    try:
        while data:
            data = data[os.write(STDERR, data):]
    except OSError:
        pass  # the application closed its stderr: there is nowhere left to say it


def _shorten(text: str) -> str:
    """The end of a traceback says most, its start says where it began: both stay."""
    if len(text) <= MAX_TEXT:
        return text
    start = MAX_TEXT // 8
    return f'{text[:start]}\n… {len(text) - MAX_TEXT} characters left out …\n{text[start - MAX_TEXT:]}'


class ErrorStream:
    """`wsgi.errors` (PEP 3333, "Input and Error Streams") of one request.

    What ends in a line feed, or is flushed, becomes one record: so a traceback that `logging` writes stays whole.
    """

    partial = ''  # what waits for its line feed

    def __init__(self, request: str | None) -> None:
        self._request = request

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f'wsgi.errors takes str, not {type(text).__name__} (PEP 3333)')
        self.partial += text
        if text.endswith('\n') or len(self.partial) > MAX_TEXT:
            self.flush()
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        text, self.partial = self.partial.rstrip('\r\n'), ''
        if text.strip():
            write_record('error', text, request=self._request)
