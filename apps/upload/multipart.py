"""The files of a form, read as they come (RFC 7578, multipart/form-data), so that none needs to fit memory."""
import re

BLOCK = 65536


def boundary_of(content_type):
    """The boundary of a multipart form as bytes; None where the request is no such form."""
    if not content_type.lower().startswith('multipart/form-data'):
        return None
    found = re.search(r'boundary=(?:"([^"]+)"|([^;\s]+))', content_type, re.IGNORECASE)
    return (found.group(1) or found.group(2)).encode('latin-1') if found else None


def files_of(stream, boundary):
    """Yield (name, blocks) for each file; its blocks are to be read before the next file. Raises ValueError."""
    reader = _Reader(stream, b'\r\n--' + boundary)
    for _ in reader.part():  # what stands before the first boundary
        pass
    while reader.next_part():
        headers = reader.headers()
        name = re.search(r'filename="((?:[^"\\]|\\.)*)"', headers)
        blocks = reader.part()
        if name is not None and name.group(1):
            yield name.group(1), blocks
        for _ in blocks:
            pass


class _Reader:
    def __init__(self, stream, delimiter):
        self._stream = stream
        self._delimiter = delimiter
        self._held = b'\r\n'  # the first boundary has no line before it

    def part(self):
        """Yield the bytes up to the next boundary, which is consumed."""
        while True:
            at = self._held.find(self._delimiter)
            if at >= 0:
                yield self._held[:at]
                self._held = self._held[at + len(self._delimiter):]
                return
            # The end of what is here may be the beginning of a boundary.
            safe = max(0, len(self._held) - len(self._delimiter) + 1)
            yield self._held[:safe]
            self._held = self._held[safe:] + self._more()

    def next_part(self):
        """Whether a part follows the boundary that was read; `--` ends the form."""
        return self._line() != b'--'

    def headers(self):
        lines = []
        while True:
            line = self._line()
            if not line:
                return '\n'.join(lines)
            lines.append(line.decode('utf-8', 'replace'))

    def _line(self):
        while b'\r\n' not in self._held:
            if self._held[:2] == b'--':
                return b'--'
            self._held += self._more()
        line, _, self._held = self._held.partition(b'\r\n')
        return line[:2] if line[:2] == b'--' else line

    def _more(self):
        block = self._stream.read(BLOCK)
        if not block:
            raise ValueError('the form ends before its last boundary')
        return block
