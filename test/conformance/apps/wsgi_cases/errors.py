"""wsgi.errors (PEP 3333, "Input and Error Streams"). What was written stands in the server's log; the case sees that it may be."""
from .common import plain, registry

APPS, app = registry()


@app
def errors(environ, start_response):
    """Does with wsgi.errors what the query names."""
    stream = environ['wsgi.errors']
    name = environ['QUERY_STRING']
    if name == 'write':
        stream.write('conformance: written\n')
    elif name == 'write-without-end':
        stream.write('conformance: written ')
        stream.write('in parts\n')
    elif name == 'writelines':
        stream.writelines(['conformance: one\n', 'conformance: two\n'])
    elif name == 'writelines-generator':
        stream.writelines(line + '\n' for line in ('conformance: one', 'conformance: two'))
    elif name == 'flush':
        stream.write('conformance: flushed\n')
        stream.flush()
    elif name == 'unicode':
        stream.write('conformance: \u20ac \U0001f943\n')
        stream.flush()
    elif name == 'large':
        stream.write('conformance: ' + 'x' * 100_000 + '\n')
    elif name == 'print':
        print('conformance: printed', file=stream)
    elif name == 'many':
        for number in range(100):
            stream.write(f'conformance: {number}\n')
    plain(start_response)
    return [b'complained']


@app
def errors_in_body(environ, start_response):
    plain(start_response)
    yield b'one,'
    environ['wsgi.errors'].write('conformance: while the body is on its way\n')
    environ['wsgi.errors'].flush()
    yield b'two'
