"""Status and headers of an application: checked by PEP 3333 and RFC 9110, and encoded as a RESPONSE frame's head."""
from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NamedTuple

from .errors import AppError, show

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # RFC 9110, section 5.6.2
_CONTROL = re.compile(r'[\x01-\x08\x0a-\x1f\x7f]')  # PEP 3333, "The start_response() Callable"; a tab is harmless
_STATUS = re.compile(r'[1-9][0-9]{2} [^\x00-\x08\x0a-\x1f\x7f]*')
# RFC 9110, section 7.6.1; PEP 3333, "Other HTTP Features": an application may not send them.
_HOP_BY_HOP = frozenset(['connection', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade'])

PLAIN, LENGTH, HOP_BY_HOP, CONTENT_TYPE = range(4)
MAX_HEAD = 256 << 10  # bytes; with the first bytes of a body it has to fit a frame
MAX_COUNT = 0xFFFF


class Head(NamedTuple):
    data: bytes  # `STATUS\0`, then `count` pairs `NAME\0VALUE\0`, latin-1
    count: int
    bodyless: bool  # a status whose responses have no body on the wire (RFC 9110, section 6.4.1)
    code: int
    length: int | None  # Content-Length
    dropped: tuple[str, ...]  # hop-by-hop headers that were left out
    events: bool  # an event stream, whose client waits for each chunk


_known: dict[tuple, Head] = {}  # heads that were encoded before: an application has few, and most of them often
_MAX_KNOWN = 512
_MAX_KNOWN_SIZE = 2 << 10  # bytes


def encode_head(status: str, headers: list[tuple[str, str]]) -> Head:
    """Raises AppError that names the faulty part and its cure."""
    try:
        key = (status, *headers)
        known = _known.get(key)
    except TypeError:
        return _encode_head(status, headers)  # a part that has no hash is faulty: it says which
    if known is not None and type(headers) is list:
        return known
    head = _encode_head(status, headers)
    if len(head.data) <= _MAX_KNOWN_SIZE and not head.dropped:
        if len(_known) >= _MAX_KNOWN:
            _known.clear()
        _known[key] = head
    return head


def _encode_head(status: str, headers: list[tuple[str, str]]) -> Head:
    code = _status_code(status) if isinstance(status, str) else _refuse_status(status)
    if not isinstance(headers, list):
        message = f'gave headers as {show(headers)}, but PEP 3333 asks for a list'
        raise _invalid(message, 'pass a list of (name, value) tuples')
    parts = [status]
    length = None
    dropped = ()
    events = False
    try:
        for pair in headers:
            if not isinstance(pair, tuple) or len(pair) != 2:
                message = f'gave a header as {show(pair)}, but PEP 3333 asks for a tuple of two'
                raise _invalid(message, 'write (name, value)')
            kind = _name_kind(pair[0])
            if kind == HOP_BY_HOP:
                dropped += (pair[0],)
                continue
            if kind == LENGTH:
                length = _content_length(pair[1], length)
                if code == 204:  # RFC 9110, section 8.6
                    length = None
                    continue
            if kind == CONTENT_TYPE:
                events = pair[1].lower().startswith('text/event-stream')
            parts += pair
        text = '\0'.join(parts) + '\0'
        data = text.encode('latin-1')
    except (AttributeError, TypeError, UnicodeEncodeError):
        raise _find_fault(headers) from None
    if _CONTROL.search(text) or text.count('\0') != len(parts):
        raise _find_fault(headers)
    if len(data) > MAX_HEAD or len(parts) > MAX_COUNT:
        raise _invalid(f'gave headers of {len(data)} bytes, where {MAX_HEAD} are the bound', 'send less in headers')
    return Head(data, len(parts) >> 1, code in (204, 304), code, length, dropped, events)


def with_length(head: Head, length: int) -> Head:
    """The head with a Content-Length that the application left out."""
    return head._replace(data=head.data + b'Content-Length\0%d\0' % length, count=head.count + 1, length=length)


@lru_cache(maxsize=256)
def _status_code(status: str) -> int:
    if not _STATUS.fullmatch(status):
        _refuse_status(status)
    if status[0] == '1':
        message = f'gave the status {status!r}, which is interim (1xx), but an application gives the final one'
        raise AppError('APP_STATUS_INVALID', message, "give a final status, such as '200 OK'")
    try:
        status.encode('latin-1')
    except UnicodeEncodeError:
        _refuse_status(status)
    return int(status[:3])


def _refuse_status(status: Any) -> int:
    message = f"gave the status {show(status)}, but PEP 3333 asks for a str 'NNN reason' in latin-1"
    raise AppError('APP_STATUS_INVALID', message, "write it like '200 OK'")


@lru_cache(maxsize=1024)
def _name_kind(name: str) -> int:
    if not isinstance(name, str):
        raise _invalid(f'gave a header name as {show(name)}, but PEP 3333 asks for str', 'write a str')
    if not _TOKEN.fullmatch(name):
        message = f'gave the header name {name!r}, which is not a token (RFC 9110, section 5.6.2)'
        raise _invalid(message, 'use letters, digits and hyphens')
    lower = name.lower()
    if lower == 'content-length':
        return LENGTH
    if lower == 'content-type':
        return CONTENT_TYPE
    return HOP_BY_HOP if lower in _HOP_BY_HOP or lower.startswith('proxy-') else PLAIN


def _content_length(value: Any, before: int | None) -> int:
    if not isinstance(value, str):
        raise _invalid(f'gave Content-Length as {show(value)}, but PEP 3333 asks for str', 'write str(length)')
    if not (value.isascii() and value.isdigit()) or len(value) > 19:
        message = f'gave the Content-Length {value[:60]!r}, which is not a number of bytes'
        raise _invalid(message, 'write str(len(body))')
    if before is not None:
        raise _invalid('gave Content-Length twice', 'give it once')
    return int(value)


def _find_fault(headers: list[tuple[str, str]]) -> AppError:
    for name, value in headers:
        if not isinstance(name, str):
            return _invalid(f'gave a header name as {show(name)}, but PEP 3333 asks for str', 'write a str')
        if not isinstance(value, str):
            cure = "decode it with .decode('latin-1')" if isinstance(value, bytes) else f'write str({value!r})'[:80]
            return _invalid(f'gave the value of {name} as {show(value)}, but PEP 3333 asks for str', cure)
        if any(mark in value for mark in '\r\n\0'):
            message = f'gave {name} a value that holds CR, LF or NUL: {value[:60]!r}'
            return _invalid(message, 'remove them; they would let a client write headers of its own')
        if _CONTROL.search(value):
            message = f'gave {name} a value that holds a control character: {value[:60]!r}'
            return _invalid(message, 'remove it, or percent-encode it (urllib.parse.quote)')
        if any(mark > '\xff' for mark in value):
            cure = 'percent-encode it (urllib.parse.quote), or encode it by RFC 8187'
            return _invalid(f'gave {name} a value with characters outside latin-1: {value[:60]!r}', cure)
    return _invalid('gave a header that cannot be encoded', 'use plain str names and values')


def _invalid(message: str, cure: str) -> AppError:
    return AppError('APP_HEADERS_INVALID', message, cure)
