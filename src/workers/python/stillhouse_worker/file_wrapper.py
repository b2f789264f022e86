"""`wsgi.file_wrapper` (PEP 3333, "Optional Platform-Specific File Handling")."""
from __future__ import annotations

from typing import Any

from .interruption import calls_application


class FileWrapper:
    """An iterator over the blocks of a file-like object, from where it stands.

    `filelike` needs `read(size)` alone: no descriptor. A worker that gets the wrapper itself back from the application
    reads it in larger blocks and never past Content-Length; middleware may iterate over it in `block_size` bytes.
    """

    def __init__(self, filelike: Any, block_size: int = 8192) -> None:
        self.filelike = filelike
        self.block_size = block_size
        self._closed = False

    def __iter__(self) -> FileWrapper:
        return self

    @calls_application
    def __next__(self) -> bytes:
        block = self.filelike.read(self.block_size)
        if block:
            return block
        raise StopIteration

    @calls_application
    def blocks(self, size: int, length: int | None):
        """Blocks of at most `size` bytes, `length` bytes together, or all there are where it is None."""
        while length is None or length > 0:
            block = self.filelike.read(size if length is None else min(size, length))
            if not block:
                return
            yield block
            if length is not None:
                length -= len(block)

    @calls_application
    def close(self) -> None:
        """Close the file, once, where it can be closed."""
        if not self._closed:
            self._closed = True
            close = getattr(self.filelike, 'close', None)
            if close is not None:
                close()
