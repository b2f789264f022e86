"""The bytes that test/traffic sends and expects. test/traffic/support/pattern.ts makes the same."""
import hashlib
import zlib

COPIES = 8
TURN_BYTES = 4093
PIECE_BYTES = 1024
# A stream begins at one of this many pieces, so two streams that are swapped differ in every piece.
FIRST_PIECES = 256

# SHA-512 of 0, 1, 2, ..: 256 KiB; then copies of it, each rotated further than the last, so that no block repeats at a
# distance that a lost buffer has.
BASE = b''.join(hashlib.sha512(b'%d' % block).digest() for block in range(4096))
PATTERN = b''.join(BASE[copy * TURN_BYTES :] + BASE[: copy * TURN_BYTES] for copy in range(COPIES))
PIECES = [PATTERN[at : at + PIECE_BYTES] for at in range(0, len(PATTERN), PIECE_BYTES)]


def judge_upload(request_id, offset, chunks):
    """The body of the answer to an upload: the request's id, the upload's length, and whether it is PATTERN from `offset` on."""
    at, crc, right = offset, 0, True
    for chunk in chunks:
        # A comparison costs a quarter of a checksum; the checksum only describes what is wrong.
        if not PATTERN.startswith(chunk, at):
            right = False
            crc = zlib.crc32(chunk, crc)
        at += len(chunk)
    return b'%s %d %s\n' % (request_id.encode(), at - offset, b'right' if right else b'wrong %08x' % crc)


def first_piece(request_id):
    return request_id.encode().ljust(PIECE_BYTES - 1) + b'\n'


def pieces_of(request_id, count):
    """A stream's pieces, the first with the request's id."""
    first = int(request_id) % FIRST_PIECES
    yield first_piece(request_id)
    for at in range(first + 1, first + count):
        yield PIECES[at]


def block_of(request_id, size):
    """The same bytes in one piece."""
    first = int(request_id) % FIRST_PIECES * PIECE_BYTES
    return first_piece(request_id) + PATTERN[first + PIECE_BYTES : first + size]
