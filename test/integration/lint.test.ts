/** `--lint`: an application is checked against PEP 3333 while it runs, by wsgiref.validate or its twin. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Folder } from '../support/folder.ts';
import { serve } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import { ask, get } from '../support/wire.ts';

const PYTHON = `def application(environ, start_response):
    path = environ['PATH_INFO']
    start_response(200 if path == '/status' else '200 OK', [] if path == '/bare' else [('Content-Type', 'text/plain')])
    return ['text'] if path == '/text' else [environ['wsgi.input'].read(4), b'fine']
`;
const TYPESCRIPT = `export async function application(environ, startResponse) {
  const path = environ.PATH_INFO;
  startResponse(path === '/status' ? 200 : '200 OK', path === '/bare' ? [['Bad Name', 'x']] : [['Content-Type', 'text/plain']]);
  return path === '/text' ? [7] : [await environ['wsgi.input'].read(4), 'fine'];
}
`;
const LANGUAGES = [
  {
    language: 'Python',
    file: 'web_app.py',
    source: PYTHON,
    needed: needs('python3'),
    breaches: {
      '/status': /AssertionError: Status must be of type str/,
      '/bare': /AssertionError: No Content-Type header found/,
      '/text': /AssertionError: Iterator yielded non-bytestring \('text'\)/,
    },
  },
  {
    language: 'TypeScript',
    file: 'web_app.mts',
    source: TYPESCRIPT,
    needed: {},
    breaches: { '/status': /^ValidationError: /, '/bare': /^ValidationError: /, '/text': /^ValidationError: / },
  },
] as const;

for (const { language, file, source, needed, breaches } of LANGUAGES) {
  test(`--lint finds what a ${language} application breaches, and passes what it keeps`, needed, async () => {
    using folder = new Folder({ [file]: source });
    await using server = await serve(`${file}:application`, ['--lint'], { cwd: folder.path });
    for (const [path, words] of Object.entries(breaches)) {
      const id = `breach-${path.slice(1)}`;
      const { status, complete } = await ask(server.port, get(path, `X-Request-Id: ${id}`));
      assert.ok(status === 500 || !complete, path);
      const record = await server.record(({ request, code }) => request === id && code === 'APP_EXCEPTION');
      assert.match(String(record.traceback), new RegExp(words.source, 'm'));
    }
    assert.equal((await ask(server.port, get('/'))).body.toString(), 'fine');
    const post = 'POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\nbody';
    assert.equal((await ask(server.port, post)).body.toString(), 'bodyfine');
    const chunked = 'POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n';
    assert.equal((await ask(server.port, chunked)).body.toString(), 'bodyfine');
    const head = await ask(server.port, 'HEAD / HTTP/1.1\r\nHost: test\r\n\r\n', 'HEAD');
    assert.deepEqual([head.status, head.body.length], [200, 0]);
  });
}
