"""Environs made of heads, those that are remembered too: each is what its own head says."""
import random
import sys
import unittest

from harness import BOOT, WorkerTestCase

sys.path.insert(0, str(BOOT.parent))
from stillhouse_worker.environ import Environs  # noqa: E402
from stillhouse_worker.frames import ProtocolError  # noqa: E402

ID = 'HTTP_X_REQUEST_ID'
CONSTANTS = {'wsgi.run_once': False}


def head(*pairs):
    return ''.join(f'{key}\0{value}\0' for key, value in pairs).encode('latin-1')


def strings(environ):
    return {key: value for key, value in environ.items() if isinstance(value, str)}


class Heads(unittest.TestCase):
    def setUp(self):
        self.environs = Environs(CONSTANTS)

    def assertMade(self, *pairs):
        self.assertEqual(strings(self.environs.make(head(*pairs), len(pairs))), dict(pairs))

    def test_a_head_that_comes_again_has_its_own_id(self):
        for number in range(3):
            self.assertMade(('PATH_INFO', '/é'), (ID, f'r{number}'), ('stillhouse.app', 'a'))
        environ = self.environs.make(head((ID, 'x'), ('A', '')), 2)
        self.assertIs(environ['wsgi.run_once'], False)

    def test_the_id_stands_first_last_twice_is_empty_or_missing(self):
        for pairs in ([(ID, '1'), ('A', 'b')], [('A', 'b'), (ID, '1')], [('A', 'b'), (ID, '')], [('A', 'b')], []):
            for _ in range(3):
                self.assertMade(*pairs)
        for _ in range(3):
            self.assertMade((ID, '1'), ('A', 'b'), (ID, '2'))

    def test_what_an_application_does_to_its_environ_stays_there(self):
        for _ in range(3):
            environ = self.environs.make(head(('A', 'b'), (ID, '1')), 2)
            self.assertEqual(strings(environ), {'A': 'b', ID: '1'})
            environ.clear()

    def test_a_value_that_looks_like_the_key_of_the_id_forges_nothing(self):
        for name in ('HTTP_B', 'REMOTE_USER', 'HTTP_B'):
            self.assertMade(('HTTP_A', ID), (name, 'x'))
            self.assertMade((ID, '1'), ('HTTP_A', ID), (name, 'x'))
            self.assertMade(('HTTP_A', ID), (ID, name), ('C', 'x'))

    def test_a_head_that_does_not_fit_its_count_is_refused_beside_one_that_does(self):
        good = head(('A', 'b'), (ID, '1'))
        for _ in range(3):
            self.environs.make(good, 2)
            cut, longer = [(good[:-1], 2), (good[:-2], 2)], [(good + b'\0', 2), (good + b'C', 2)]
            for bad, count in [(good, 1), (good, 3), *cut, *longer]:
                with self.subTest(bad=bad, count=count), self.assertRaises(ProtocolError):
                    self.environs.make(bad, count)

    def test_any_heads_in_any_order_are_what_they_say(self):
        chance = random.Random(1)
        words = [ID, ID, 'A', 'B', '', 'x']
        for _ in range(20_000):
            pairs = [(chance.choice(words), chance.choice(words)) for _ in range(chance.randrange(5))]
            self.assertEqual(strings(self.environs.make(head(*pairs), len(pairs))), dict(pairs), pairs)

    def test_many_different_heads_and_long_ones(self):
        for number in range(3000):
            self.assertMade(('A', str(number)), (ID, '1'))
        for _ in range(3):
            self.assertMade(('A', 'a' * 100_000), (ID, '1'))


class Requests(WorkerTestCase):
    APP = """
    def application(environ, start_response):
        start_response('200 OK', [])
        body = [environ['HTTP_X_REQUEST_ID'], environ['wsgi.input'].read().decode(), environ.get('seen', 'new')]
        environ['seen'] = 'old'
        environ['wsgi.errors'].write('about ' + body[0])
        return [' '.join(body).encode()]
    """

    def test_each_request_has_its_own_id_body_and_errors(self):
        for body in (b'one', b'two', b'six', b''):
            id = self.worker.next_id
            self.assertEqual(self.worker.get(body=body).body, b'r%d %s new' % (id, body))
            record = self.worker.record()
            self.assertEqual((record['message'], record['request']), (f'about r{id}', f'r{id}'))


if __name__ == '__main__':
    unittest.main()
