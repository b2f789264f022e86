/** validator() finds each breach of PEP 3333, on the side where it is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Application, Body, Chunk, Environ, Header, StartResponse } from '../../../src/wsgi/types.ts';
import { ValidationError, validator } from '../../../src/wsgi/validator.ts';
import { environ, run } from './fake.ts';

const TEXT: Header[] = [['Content-Type', 'text/plain']];

const good: Application = (_, start) => {
  start('200 OK', TEXT);
  return ['a', 'b'];
};

function refusal(words: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert(error instanceof ValidationError, `no ValidationError: ${String(error)}`);
    assert.match(error.message, words);
    return true;
  };
}

/** Uses a validated application as a right server would: to the end, and closed. */
async function use(app: Application, request: Environ = environ()): Promise<void> {
  const body = await validator(app)(request, () => async () => undefined);
  try {
    for await (const _ of body);
  } finally {
    await body.close?.();
  }
}

test('an application and a server that keep the rules are let pass', async () => {
  const { sink, problems } = await run(validator(good));
  assert.equal(sink.body, 'ab');
  assert.deepEqual(problems, []);
  const request = environ({ method: 'POST', fields: ['Content-Length', '4', 'X', '\xe9'] }, 'a\nb\n');
  const { sink: read } = await run(
    validator(async (given, start) => {
      const write = start('200 OK', TEXT);
      await write('w');
      const input = given['wsgi.input'];
      return [await input.read(1), await input.readline(5), ...(await input.readlines(1))];
    }),
    request,
  );
  assert.equal(read.body, 'wa\nb\n');
});

const ENVIRONS: readonly (readonly [name: string, change: Record<string, unknown>, words: RegExp])[] = [
  ...['REQUEST_METHOD', 'SERVER_NAME', 'SERVER_PORT', 'SERVER_PROTOCOL', 'wsgi.url_scheme'].flatMap((key) => [
    [`no ${key}`, { [key]: undefined }, new RegExp(`no string ${key}`)] as const,
    [`an empty ${key}`, { [key]: '' }, new RegExp(`no string ${key}`)] as const,
  ]),
  ...['SCRIPT_NAME', 'PATH_INFO', 'QUERY_STRING'].map(
    (key) => [`no ${key}`, { [key]: undefined }, new RegExp(`no string ${key}`)] as const,
  ),
  ['HTTP_CONTENT_TYPE', { HTTP_CONTENT_TYPE: 'a/b' }, /it is CONTENT_TYPE/],
  ['HTTP_CONTENT_LENGTH', { HTTP_CONTENT_LENGTH: '1' }, /it is CONTENT_LENGTH/],
  ['a number for a string', { REMOTE_PORT: 80 }, /REMOTE_PORT is a number/],
  ['a string that is not latin-1', { HTTP_X: '€' }, /HTTP_X holds a character/],
  ['a SCRIPT_NAME without its slash', { SCRIPT_NAME: 'a' }, /SCRIPT_NAME/],
  ['a SCRIPT_NAME that is a slash', { SCRIPT_NAME: '/' }, /SCRIPT_NAME is '\/'/],
  ['a PATH_INFO without its slash', { PATH_INFO: 'a' }, /PATH_INFO/],
  ['neither SCRIPT_NAME nor PATH_INFO', { PATH_INFO: '' }, /both/],
  ['a CONTENT_LENGTH that is no number', { CONTENT_LENGTH: 'x' }, /CONTENT_LENGTH/],
  ['another scheme', { 'wsgi.url_scheme': 'ftp' }, /url_scheme/],
  ['an input that cannot read', { 'wsgi.input': { readline() {}, readlines() {} } }, /no read\(\)/],
  ['an input that cannot read lines', { 'wsgi.input': { read() {}, readline() {} } }, /no readlines\(\)/],
  ['an error stream that cannot write', { 'wsgi.errors': { writelines() {}, flush() {} } }, /no write\(\)/],
  ['an error stream that cannot flush', { 'wsgi.errors': { write() {}, writelines() {} } }, /no flush\(\)/],
];

test('the environ of a server that breaks the rules is refused', async (t) => {
  for (const [name, change, words] of ENVIRONS) {
    await t.test(name, async () => {
      await assert.rejects(use(good, Object.assign(environ(), change)), refusal(words));
    });
  }
  for (const key of [
    'wsgi.version',
    'wsgi.input',
    'wsgi.errors',
    'wsgi.multithread',
    'wsgi.multiprocess',
    'wsgi.run_once',
  ]) {
    await t.test(`no ${key}`, async () => {
      const request = environ();
      delete request[key];
      await assert.rejects(use(good, request), refusal(new RegExp(`no ${key}`)));
    });
  }
});

test('a server must call the application with its two arguments', async () => {
  const checked = validator(good) as (...given: unknown[]) => Promise<Body>;
  await assert.rejects(checked(environ()), refusal(/the server must call/));
  await assert.rejects(
    checked(null, () => undefined),
    refusal(/the server must call/),
  );
});

test('a server that uses the body wrongly is told', async (t) => {
  const start: StartResponse = () => async () => undefined;
  await t.test('more after close()', async () => {
    const body = (await validator(good)(environ(), start)) as AsyncIterableIterator<Chunk> & { close(): Promise<void> };
    await body.close();
    await assert.rejects(body.next(), refusal(/more after close/));
  });
  await t.test('close() twice', async () => {
    const body = await validator(good)(environ(), start);
    await body.close?.();
    await assert.rejects(async () => body.close?.(), refusal(/close\(\) twice/));
  });
});

function starting(...given: unknown[]): Application {
  return (_, start) => {
    (start as (...given: unknown[]) => unknown)(...given);
    return [];
  };
}

const APPLICATIONS: readonly (readonly [name: string, app: Application, words: RegExp])[] = [
  ['start_response with one argument', starting('200 OK'), /takes a status/],
  ['start_response with four', starting('200 OK', TEXT, null, 1), /takes a status/],
  ['a status that is a number', starting(200, TEXT), /status is a number/],
  ['a status without a reason', starting('200', TEXT), /three digits/],
  ['headers in an object', starting('200 OK', {}), /not an array/],
  ['a header that is no pair', starting('200 OK', ['A: b']), /not a pair/],
  ['a header of numbers', starting('200 OK', [['A', 1]]), /pair of strings/],
  ['a header name that is no token', starting('200 OK', [['A B', 'c']]), /not a token/],
  ['a header named Status', starting('200 OK', [['Status', '200']]), /the status is no header/],
  ['a hop-by-hop header', starting('200 OK', [['Connection', 'close']]), /the server's/],
  ['a header value with CRLF', starting('200 OK', [['A', 'b\r\nC: d']]), /control character/],
  ['a header value beyond latin-1', starting('200 OK', [['A', '€']]), /beyond latin-1/],
  ['no Content-Type', starting('200 OK', []), /no Content-Type/],
  ['a Content-Type on 204', starting('204 No Content', TEXT), /204 has no body/],
  [
    'start_response twice without an error',
    (_, start) => {
      start('200 OK', TEXT);
      start('200 OK', TEXT);
      return [];
    },
    /twice/,
  ],
  ['no start_response, and a chunk', () => ['a'], /before it called startResponse/],
  ['no start_response at all', () => [], /never called/],
  [
    'a string for a body',
    (_, start) => {
      start('200 OK', TEXT);
      return 'a' as unknown as Body;
    },
    /returned a string/,
  ],
  [
    'bytes for a body',
    (_, start) => {
      start('200 OK', TEXT);
      return Buffer.from('a') as unknown as Body;
    },
    /returned an object \(Buffer\)/,
  ],
  [
    'a chunk that is a number',
    (_, start) => {
      start('200 OK', TEXT);
      return [1 as unknown as string];
    },
    /the body gave a number/,
  ],
  [
    'write() of a number',
    async (_, start) => {
      await start('200 OK', TEXT)(1 as unknown as string);
      return [];
    },
    /write\(\) gave a number/,
  ],
  [
    'read() of a half',
    async (given, start) => {
      start('200 OK', TEXT);
      return [await given['wsgi.input'].read(0.5)];
    },
    /whole number/,
  ],
  [
    'readline() of a string',
    async (given, start) => {
      start('200 OK', TEXT);
      return [await given['wsgi.input'].readline('1' as unknown as number)];
    },
    /whole number/,
  ],
  [
    'readlines() with two arguments',
    async (given, start) => {
      start('200 OK', TEXT);
      return (given['wsgi.input'].readlines as (...sizes: number[]) => Promise<Uint8Array[]>)(1, 2);
    },
    /one argument/,
  ],
];

test('an application that breaks the rules is told', async (t) => {
  for (const [name, app, words] of APPLICATIONS) {
    await t.test(name, () => assert.rejects(use(app), refusal(words)));
  }
});

test('a server that was told by a breach answers 500, not half a response', async () => {
  const { sink } = await run(validator(starting('200', TEXT)));
  assert(sink.error instanceof ValidationError);
  assert.equal(sink.head, undefined);
});
