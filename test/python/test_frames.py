"""The sans-IO codec: whole frames, a byte at a time, at random splits, and what it refuses."""
import random
import struct
import sys
import unittest

from harness import BOOT, HEADER

sys.path.insert(0, str(BOOT.parent))
from stillhouse_worker.frames import (  # noqa: E402
    CONTROL_LINK_TYPES,
    DATA_LINK_TYPES,
    INLINE,
    REQUEST,
    STOP,
    Frame,
    FrameDecoder,
    ProtocolError,
    decode_pairs,
    encode,
    pack_header,
)


def raw(type=REQUEST, head=b'', body=b'', count=0, id=1, flags=INLINE):
    return HEADER.pack(len(head) + len(body), type, flags, count, id, len(head)) + head + body


class Decoding(unittest.TestCase):
    def test_one_whole_frame(self):
        frames = FrameDecoder(DATA_LINK_TYPES).feed(raw(head=b'A\0B\0', body=b'body', count=1, id=7))
        self.assertEqual(frames, [Frame(REQUEST, INLINE, 1, 7, b'A\0B\0', b'body')])

    def test_a_byte_at_a_time(self):
        decoder = FrameDecoder(DATA_LINK_TYPES)
        stream = raw(head=b'A\0B\0', count=1, id=1) + raw(body=b'xyz', id=2) + raw(id=3)
        frames = [frame for byte in stream for frame in decoder.feed(bytes([byte]))]
        self.assertEqual([(frame.id, frame.head, frame.body) for frame in frames],
                         [(1, b'A\0B\0', b''), (2, b'', b'xyz'), (3, b'', b'')])

    def test_random_frames_at_random_splits(self):
        for seed in range(200):
            chance = random.Random(seed)
            wanted = [
                Frame(REQUEST, INLINE, 0, id, chance.randbytes(chance.choice([0, 3, 40])),
                      chance.randbytes(chance.choice([0, 1, 15, 16, 17, 5000])))
                for id in range(chance.randrange(1, 12))
            ]
            stream = b''.join(raw(head=frame.head, body=frame.body, id=frame.id) for frame in wanted)
            decoder, found, at = FrameDecoder(DATA_LINK_TYPES), [], 0
            while at < len(stream):
                size = chance.choice([1, 2, 16, 17, 100, 4096])
                found += decoder.feed(stream[at:at + size])
                at += size
            self.assertEqual(found, wanted, f'seed {seed}')

    def test_random_bytes_give_frames_or_a_protocol_error(self):
        for seed in range(500):
            decoder = FrameDecoder(DATA_LINK_TYPES)
            try:
                frames = decoder.feed(random.Random(seed).randbytes(64))
            except ProtocolError:
                continue
            self.assertTrue(all(frame.type == REQUEST for frame in frames), f'seed {seed}')

    def test_a_wrong_header_is_refused_before_its_body_comes(self):
        wrong = {
            'an unknown type': HEADER.pack(0, 99, 0, 0, 0, 0),
            'a type of the other link': HEADER.pack(0, STOP, 0, 0, 0, 0),
            'a head over the size': HEADER.pack(4, REQUEST, 0, 0, 0, 5),
            'a size over the bound': HEADER.pack((64 << 20) + 1, REQUEST, 0, 0, 0, 0),
        }
        for name, header in wrong.items():
            for size in (1, 16):
                with self.subTest(name, size=size), self.assertRaises(ProtocolError):
                    decoder = FrameDecoder(DATA_LINK_TYPES)
                    for at in range(0, 16, size):
                        decoder.feed(header[at:at + size])

    def test_the_bound_itself_is_allowed(self):
        self.assertEqual(FrameDecoder(DATA_LINK_TYPES, bound=3).feed(raw(body=b'abc'))[0].body, b'abc')


class Pairs(unittest.TestCase):
    def test_pairs_are_latin_1(self):
        self.assertEqual(decode_pairs('A\0é\0B\0\0'.encode('latin-1'), 2), {'A': 'é', 'B': ''})
        self.assertEqual(decode_pairs(b'', 0), {})

    def test_a_count_that_does_not_fit_is_refused(self):
        for head, count in [(b'A\0B\0', 2), (b'A\0B\0', 0), (b'A\0B', 1), (b'A\0B\0C\0', 1), (b'x', 0), (b'', 1)]:
            with self.subTest(head=head, count=count), self.assertRaises(ProtocolError):
                decode_pairs(head, count)


class Encoding(unittest.TestCase):
    def test_the_layout_is_the_documented_one(self):
        self.assertEqual(pack_header(13, 2, 3, 4, 5, 6), struct.pack('<IBBHII', 13, 2, 3, 4, 5, 6))

    def test_what_is_encoded_is_decoded(self):
        frames = FrameDecoder(CONTROL_LINK_TYPES).feed(encode(STOP, 9, b'x'))
        self.assertEqual(frames, [Frame(STOP, 0, 0, 9, b'', b'x')])


if __name__ == '__main__':
    unittest.main()
