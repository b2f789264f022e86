"""What stands in the environ (PEP 3333, "environ Variables")."""
import json

from .common import plain, registry
from .records import record

APPS, app = registry()
CGI = ('REQUEST_METHOD', 'SCRIPT_NAME', 'PATH_INFO', 'QUERY_STRING', 'CONTENT_TYPE', 'CONTENT_LENGTH', 'SERVER_NAME',
       'SERVER_PORT', 'SERVER_PROTOCOL', 'REMOTE_ADDR', 'REMOTE_HOST', 'REMOTE_USER')  # fmt: skip


def is_cgi(key):
    return key in CGI or key.startswith('HTTP_')


def is_latin_1(value):
    return all(ord(character) < 256 for character in value)


@app
def environ(environ, start_response):
    """The values that JSON can have, and what can be said of the others."""
    plain(start_response)
    values = {key: value for key, value in environ.items() if isinstance(value, (str, bool, int, type(None)))}
    about = {
        'is dict': type(environ) is dict,
        'keys are native': all(type(key) is str for key in environ),
        'not native': sorted(key for key, value in environ.items() if is_cgi(key) and type(value) is not str),
        'not latin-1': sorted(k for k, v in environ.items() if is_cgi(k) and type(v) is str and not is_latin_1(v)),
        'positional': environ['conformance.positional'],
        'version': list(environ['wsgi.version']),
        'version is tuple': type(environ['wsgi.version']) is tuple,
        'scheme is native': type(environ['wsgi.url_scheme']) is str,
        'flags': [key for key in ('multithread', 'multiprocess', 'run_once') if 'wsgi.' + key in environ],
        'run once': bool(environ['wsgi.run_once']),
        'input': [name for name in ('read', 'readline', 'readlines', '__iter__') if hasattr(environ['wsgi.input'], name)],
        'errors': [name for name in ('flush', 'write', 'writelines') if hasattr(environ['wsgi.errors'], name)],
        'badly named': [key for key in environ if '.' in key and key != key.lower()],
    }
    return [json.dumps({**values, **about}).encode()]


@app
def environ_changed(environ, start_response):
    """An application may change its environ; the next request has one of its own."""
    mark = environ.get('x.mark', 'none')
    environ['x.mark'] = 'left by another request'
    environ['PATH_INFO'] = '/elsewhere'
    environ.pop('wsgi.input')
    environ.pop('SERVER_NAME')
    plain(start_response)
    return [mark.encode()]


@app
def reconstructed(environ, start_response):
    """The PEP's own way to the URL of a request ("URL Reconstruction")."""
    from urllib.parse import quote

    scheme = environ['wsgi.url_scheme']
    url = scheme + '://'
    if environ.get('HTTP_HOST'):
        url += environ['HTTP_HOST']
    else:
        url += environ['SERVER_NAME']
        if environ['SERVER_PORT'] != {'https': '443', 'http': '80'}[scheme]:
            url += ':' + environ['SERVER_PORT']
    url += quote(environ.get('SCRIPT_NAME', ''), encoding='latin-1') + quote(environ.get('PATH_INFO', ''), encoding='latin-1')
    if environ.get('QUERY_STRING'):
        url += '?' + environ['QUERY_STRING']
    plain(start_response)
    return [url.encode('latin-1')]


@app
def called(environ, start_response):
    record(environ, 'called')
    plain(start_response)
    return [b'called']
