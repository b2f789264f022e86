"""Finding the application: modules, files, callables, factories; and every FAILED with its words."""
import unittest

from harness import FAILED, Worker

APPLICATION = '''
def application(environ, start_response):
    start_response('200 OK', [])
    return [__name__.encode()]
'''


class Loads(unittest.TestCase):
    def served(self, source=None, wanted=None, callable='application', **start):
        with Worker(source, callable=callable, **start) as worker:
            self.assertEqual(worker.ready['version'], 1)
            self.assertEqual(worker.ready['language'], 'python')
            self.assertRegex(worker.ready['runtime'], r'^3\.\d+\.\d+')
            response = worker.get()
            if wanted is not None:
                self.assertEqual(response.body.decode(), worker.resolve(wanted))
            return worker.ready['callable']

    def test_a_module(self):
        self.assertEqual(self.served(APPLICATION, 'web_app'), 'application')

    def test_the_conventional_names(self):
        self.assertEqual(self.served(APPLICATION, callable=None), 'application')
        self.assertEqual(self.served(APPLICATION.replace('application', 'app'), callable=None), 'app')

    def test_a_dotted_module_with_a_file_is_an_ordinary_import(self):
        files = {'shop/__init__.py': 'name = "shop"', 'shop/wsgi.py': f'from . import name\n{APPLICATION}'}
        self.served(files=files, module='shop.wsgi', wanted='shop.wsgi')
        self.served(files=files, module='shop.wsgi', file='$DIR/shop/wsgi.py', wanted='shop.wsgi')

    def test_a_file_finds_its_neighbours_as_with_python_file(self):
        source = f'import neighbour\n{APPLICATION}'
        files = {'deep/web_app.py': source, 'deep/neighbour.py': '', 'web_app.py': 'raise Exception("the wrong one")'}
        self.served(files=files, file='$DIR/deep/web_app.py', wanted='web_app')

    def test_a_file_that_import_cannot_find_by_name(self):
        self.served(files={'my.app.wsgi': APPLICATION}, module='my_app', file='$DIR/my.app.wsgi', wanted='my_app')
        self.served(files={'json.py': APPLICATION}, module='json', file='$DIR/json.py', wanted='json')
        self.served(files={'web_app.py': APPLICATION}, module=None, file='$DIR/web_app.py', wanted='web_app')

    def test_dotted_callables_objects_and_factories(self):
        source = '''
        class App:
            def __init__(self, name='none', debug=False):
                self.name, self.debug = name, debug
            def __call__(self, environ, start_response):
                start_response('200 OK', [])
                return [f'{self.name} {self.debug}'.encode()]

        class site:
            app = App('dotted')
            make = App

        create_app = App
        '''
        for callable, wanted in [('site.app', 'dotted False'), ('create_app()', 'none False'),
                                 ("create_app('prod', debug=True)", 'prod True'), ('site.make("x")', 'x False')]:
            with self.subTest(callable):
                self.assertEqual(self.served(source, wanted, callable=callable), callable)

    def test_path_and_arguments(self):
        source = '''
        import sys
        path, argv = list(sys.path), list(sys.argv)
        def application(environ, start_response):
            start_response('200 OK', [])
            return [f'{path[0]} {argv} {any("workers" in entry for entry in path)}'.encode()]
        '''
        self.served(source, "$DIR ['web_app:application'] False")
        self.served(source, "$DIR ['$DIR/web_app.py'] False", file='$DIR/web_app.py')

    def test_modules_named_like_ours_belong_to_the_application(self):
        names = ('frames', 'records', 'errors', 'main', 'boot', 'control', 'environ', 'body')
        files = {f'{name}.py': 'mine = True' for name in names}
        checks = '\n'.join(f'import {name}; assert {name}.mine' for name in names)
        self.served(f'{checks}\n{APPLICATION}', 'web_app', files=files)


class Fails(unittest.TestCase):
    def failed(self, code, *words, source=None, **start):
        """The fields of FAILED; the words have to be in its message or cure."""
        with Worker(source, ready=False, **start) as worker:
            fields = worker.hear(FAILED)
            self.assertEqual(worker.wait(), 3)
            self.assertEqual(set(fields), {'code', 'message', 'cure', 'traceback'})
            self.assertEqual(fields['code'], code, fields)
            for word in words:
                self.assertIn(worker.resolve(word), f'{fields["message"]} | {fields["cure"]}')
            self.assertNotIn('stillhouse_worker', fields['traceback'])
            self.assertNotIn('importlib', fields['traceback'])
            return fields

    def test_a_missing_module_is_suggested(self):
        missing = 'APP_MODULE_MISSING'
        self.failed(missing, 'no module web_ap in $DIR; did you mean web_app?', source='', module='web_ap')
        self.failed(missing, 'did you mean web_app:application?', source='', module='web_app.application')
        self.failed(missing, 'did you mean web_app?', source='', module='web_app.py')
        self.failed(missing, 'there are: other', files={'other.py': '', 'text.txt': ''}, module='zzz')
        self.failed(missing, 'has no Python modules', module='zzz')
        files = {'shop/__init__.py': '', 'shop/wsgi.py': ''}
        self.failed(missing, 'did you mean shop.wsgi?', files=files, module='shop.wsgy')
        self.failed(missing, 'did you mean shop?', files=files, module='shopp')
        self.failed(missing, 'no file $DIR/web_ap.py; did you mean web_app.py?', source='', file='$DIR/web_ap.py')

    def test_an_import_inside_the_module_is_another_matter(self):
        words = ['$DIR/web_app.py:1', "No module named 'not_there'", 'install not_there']
        failure = self.failed('APP_IMPORT_FAILED', *words, source='import not_there.deep')
        self.assertRegex(failure['traceback'], r'^Traceback .*\n  File ".*web_app.py", line 1, in <module>')
        files = {'shop/__init__.py': 'import shop.missing', 'shop/wsgi.py': ''}
        for file in (None, '$DIR/shop/wsgi.py'):
            self.failed('APP_IMPORT_FAILED', 'shop/__init__.py:1', files=files, module='shop.wsgi', file=file)

    def test_an_error_in_the_module(self):
        failure = self.failed('APP_IMPORT_FAILED', 'web_app.py:2: ZeroDivisionError',
                              source='def fail():\n    1 / 0\nfail()')
        self.assertIn('in fail', failure['traceback'])
        failure = self.failed('APP_IMPORT_FAILED', 'web_app.py:3: SyntaxError', source='a = 1\n\ndef (:')
        self.assertIn('    def (:', failure['traceback'])

    def test_causes_are_shortened_too(self):
        source = '''
        try:
            import not_there
        except ImportError as error:
            raise RuntimeError('no luck') from error
        '''
        self.assertIn("No module named 'not_there'", self.failed('APP_IMPORT_FAILED', source=source)['traceback'])

    def test_a_server_that_starts_at_import(self):
        guard = "if __name__ == '__main__':"
        source = '''
        import socket
        taken = socket.create_server(('127.0.0.1', 0))
        from wsgiref.simple_server import make_server
        make_server('127.0.0.1', taken.getsockname()[1], None).serve_forever()
        '''
        self.failed('APP_IMPORT_FAILED', guard, 'in use', source=source)
        source = '''
        class Server:
            def serve_forever(self):
                raise KeyboardInterrupt
        Server().serve_forever()
        '''
        self.failed('APP_IMPORT_FAILED', guard, 'start the server only', source=source)
        source = 'class app:\n    def run():\n        raise SystemExit(1)\napp.run()'
        self.failed('APP_IMPORT_FAILED', guard, 'start the server only', 'SystemExit 1', source=source)

    def test_a_module_that_exits(self):
        self.failed('APP_IMPORT_FAILED', 'ended the process', "'bye'", source='import sys\nsys.exit("bye")')

    def test_a_missing_callable_lists_what_is_there(self):
        source = '''
        from os.path import join
        import json
        class Thing: pass
        class Callable:
            def __call__(self, *_): pass
        def helper(): pass
        application = Callable()
        number = 5
        def _hidden(): pass
        '''
        callables = 'callables: application, helper, Thing, Callable'
        self.failed('APP_CALLABLE_MISSING', 'web_app has no applicatoin; did you mean application?', callables,
                    source=source, callable='applicatoin')
        words = ['neither application nor app', 'defines no callables']
        self.failed('APP_CALLABLE_MISSING', *words, source='', callable=None)
        self.failed('APP_CALLABLE_MISSING', 'web_app:create_app()', source='def create_app(): pass', callable=None)
        words = 'web_app:application has no deep'
        self.failed('APP_CALLABLE_MISSING', words, source=source, callable='application.deep')

    def test_a_proxy_that_has_nothing_behind_it_hides_no_mistake(self):
        source = """
        class Proxy:
            def __call__(self): pass
            def __getattr__(self, name): raise RuntimeError(f'no {name} outside of a request')
        request = Proxy()
        def main(): pass
        """
        self.failed('APP_CALLABLE_MISSING', 'web_app has no application; its callables: main', source=source)

    def test_something_that_cannot_be_called(self):
        self.failed('APP_NOT_CALLABLE', 'web_app:application is int 5', 'its callables: run',
                    source='application = 5\ndef run(): pass')
        factory = 'def create_app(): pass'
        self.failed('APP_NOT_CALLABLE', 'web_app:create_app() is None', source=factory, callable='create_app()')
        self.failed('APP_NOT_CALLABLE', 'web_app:number is int 5', source='number = 5', callable='number()')

    def test_a_callable_that_is_no_name_and_no_call(self):
        calls = ('f()()', 'create_app(name)', 'create_app(**{})', 'create_app(open("x"))')
        for written in ('1 + 1', 'a b', '', '"text"', *calls):
            with self.subTest(written):
                self.failed('APP_CALLABLE_MISSING', 'create_app()', source='create_app = print', callable=written)

    def test_a_factory_that_fails(self):
        failure = self.failed('APP_IMPORT_FAILED', 'web_app:create_app()', 'ValueError: bad', callable='create_app()',
                              source='def create_app():\n    raise ValueError("bad")')
        self.assertIn('in create_app', failure['traceback'])

    def test_another_version_of_the_protocol(self):
        self.failed('APP_PROTOCOL_MISMATCH', 'version 2', source='', version=2)


if __name__ == '__main__':
    unittest.main()
