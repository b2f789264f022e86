"""Child processes of the application: they never have the links, and never come back into our loop."""
import os
import unittest

from harness import Worker, WorkerTestCase


class Forks(WorkerTestCase):
    APP = '''
    import os, sys

    def application(environ, start_response):
        how = environ['PATH_INFO'][1:]
        if how == 'generator':
            start_response('200 OK', [])
            return generate()
        child = os.fork()
        if child == 0:
            print('child runs')
            if how == 'exit':
                sys.exit(7)
            if how == 'raise':
                raise ValueError('in the child')
            write = start_response('200 OK', [])
            if how == 'write':
                write(b'from the child')
            return [b'from the child']
        status = os.waitpid(child, 0)[1]
        start_response('200 OK', [])
        return [b'parent: %d' % os.WEXITSTATUS(status)]

    def generate():
        yield b'before '
        child = os.fork()
        if child == 0:
            yield b'from the child'
        else:
            os.waitpid(child, 0)
            yield b'parent'
    '''

    def test_a_child_never_speaks_for_its_parent(self):
        for path, status in [('/return', 0), ('/write', 0), ('/exit', 7), ('/raise', 1)]:
            with self.subTest(path):
                self.assertEqual(self.worker.get(path).body, b'parent: %d' % status)
                self.assertEqual(self.worker.line(self.worker.stdout), 'child runs')
        self.assertEqual(self.worker.record()['message'].partition(' raised ')[2], 'ValueError: in the child')
        self.assertEqual(self.worker.get('/generator').body, b'before parent')


class Descriptors(WorkerTestCase):
    APP = '''
    import os, subprocess, sys

    def application(environ, start_response):
        start_response('200 OK', [])
        if environ['PATH_INFO'] == '/fork':
            reader, writer = os.pipe()
            if os.fork() == 0:
                os.write(writer, repr([os.readlink(f'/proc/self/fd/{n}') for n in os.listdir('/proc/self/fd')
                                       if os.path.lexists(f'/proc/self/fd/{n}')]).encode())
                os._exit(0)
            os.close(writer)
            os.wait()
            return [os.read(reader, 10000)]
        command = [sys.executable, '-c', 'import os; print([os.readlink(f"/proc/self/fd/{n}")'
                   ' for n in os.listdir("/proc/self/fd") if os.path.lexists(f"/proc/self/fd/{n}")])']
        return [subprocess.check_output(command, close_fds=False)]
    '''

    def test_children_do_not_have_the_links(self):
        for path in ('/fork', '/exec'):
            self.assertNotIn('socket', self.worker.get(path).body.decode(), path)
        self.assertIn('socket', ' '.join(os.readlink(f'/proc/{self.worker.pid}/fd/{n}') for n in (3, 4)))


class Children(unittest.TestCase):
    def test_multiprocessing_by_spawn_and_fork(self):
        source = '''
        import multiprocessing

        def double(number):
            return number * 2

        def application(environ, start_response):
            start_response('200 OK', [])
            with multiprocessing.get_context(environ['PATH_INFO'][1:]).Pool(1) as pool:
                return [str(pool.map(double, [1, 2])).encode()]
        '''
        with Worker(source) as worker:
            for method in ('spawn', 'fork'):
                self.assertEqual(worker.get(f'/{method}').body, b'[2, 4]')

    def test_a_child_forked_at_import_ends_when_it_comes_back_to_us(self):
        source = '''
        import os
        child = os.fork()
        if child:
            status = os.waitpid(child, 0)[1]
        {}
        def application(environ, start_response):
            start_response('200 OK', [])
            return [str(os.WEXITSTATUS(status)).encode()]
        '''
        for line, status in [('', b'0'), ('if not child: raise SystemExit(5)', b'5'), ('if not child: 1 / 0', b'1')]:
            with self.subTest(line), Worker(source.format(line)) as worker:
                self.assertEqual(worker.get().body, status)


if __name__ == '__main__':
    unittest.main()
