"""Status and headers: what is encoded, and what is refused with which words."""
import sys
import unittest

from harness import BOOT

sys.path.insert(0, str(BOOT.parent))
from stillhouse_worker.errors import AppError  # noqa: E402
from stillhouse_worker.headers import encode_head, with_length  # noqa: E402


class Accepted(unittest.TestCase):
    def test_order_case_and_duplicates_are_kept(self):
        head = encode_head('200 OK', [('Set-Cookie', 'a=1'), ('X-é'.replace('é', 'E'), 'é'), ('Set-Cookie', 'b=2')])
        self.assertEqual(head.data, '200 OK\0Set-Cookie\0a=1\0X-E\0é\0Set-Cookie\0b=2\0'.encode('latin-1'))
        self.assertEqual((head.count, head.code, head.length, head.dropped), (3, 200, None, ()))

    def test_content_length_is_read(self):
        self.assertEqual(encode_head('200 OK', [('content-LENGTH', '12')]).length, 12)

    def test_content_length_is_removed_on_204_and_kept_on_304(self):
        self.assertEqual(encode_head('204 No Content', [('Content-Length', '0')]).data, b'204 No Content\0')
        self.assertEqual(encode_head('304 Not Modified', [('Content-Length', '5')]).length, 5)

    def test_hop_by_hop_headers_are_dropped_and_named(self):
        names = ['Connection', 'keep-alive', 'Proxy-Authenticate', 'TE', 'Trailer', 'TRANSFER-ENCODING', 'Upgrade']
        head = encode_head('200 OK', [(name, 'x') for name in names] + [('X-Kept', 'y')])
        self.assertEqual((head.data, head.count, head.dropped), (b'200 OK\0X-Kept\0y\0', 1, tuple(names)))

    def test_a_length_can_be_added(self):
        head = with_length(encode_head('200 OK', [('A', 'b')]), 7)
        self.assertEqual((head.data, head.count, head.length), (b'200 OK\0A\0b\0Content-Length\x007\0', 2, 7))


class Refused(unittest.TestCase):
    def test_status(self):
        for status in ['200', 'OK', '', '2x0 OK', '20 OK', '200OK', '200 O\nK', '200 O\rK', '200 O\0K', '200 \u20ac',
                       b'200 OK', 200, None, '099 Low', '100 Continue', '199 Interim']:
            with self.subTest(status=status), self.assertRaises(AppError) as caught:
                encode_head(status, [])
            self.assertEqual(caught.exception.code, 'APP_STATUS_INVALID')
            self.assertIn("'200 OK'", str(caught.exception))

    def test_headers(self):
        cases = [
            ((('A', 'b'),), 'a list'),
            ({'A': 'b'}, 'a list'),
            ([['A', 'b']], 'a tuple of two'),
            ([('A', 'b', 'c')], 'a tuple of two'),
            (['Ab'], 'a tuple of two'),
            ([(b'A', 'b')], "header name as bytes b'A'"),
            ([(['A'], 'b')], 'header name as list'),
            ([('A B', 'c')], 'not a token'),
            ([('', 'c')], 'not a token'),
            ([('A:', 'c')], 'not a token'),
            ([('A\r\nB', 'c')], 'not a token'),
            ([('X-Ünï', 'c')], 'not a token'),
            ([('A', b'b')], ".decode('latin-1')"),
            ([('A', 5)], 'str(5)'),
            ([('A', None)], 'value of A as None'),
            ([('A', 'b\r\nSet-Cookie: c')], 'CR, LF or NUL'),
            ([('A', 'b\n')], 'CR, LF or NUL'),
            ([('A', 'b\0c')], 'CR, LF or NUL'),
            ([('A', 'b\x01')], 'control character'),
            ([('A', '\x7f')], 'control character'),
            ([('A', '\u20ac')], 'outside latin-1'),
            ([('Content-Length', 5)], 'str(length)'),
            ([('Content-Length', '-1')], 'not a number of bytes'),
            ([('Content-Length', '5 ')], 'not a number of bytes'),
            ([('Content-Length', '٣')], 'not a number of bytes'),
            ([('Content-Length', '5'), ('content-length', '5')], 'twice'),
            ([('A', 'x' * 300_000)], 'bound'),
        ]
        for headers, words in cases:
            with self.subTest(headers=str(headers)[:60]), self.assertRaises(AppError) as caught:
                encode_head('200 OK', headers)
            self.assertEqual(caught.exception.code, 'APP_HEADERS_INVALID')
            self.assertIn(words, str(caught.exception))
            self.assertIn('; cure: ', str(caught.exception))


if __name__ == '__main__':
    unittest.main()
