/** One response, to an outlet that only remembers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClientError, ClientGone } from '../../../src/errors.ts';
import type { Asked } from '../../../src/http/response-head.ts';
import { type Outlet, ResponseSink } from '../../../src/http/response-sink.ts';
import type { Environ, Head } from '../../../src/wsgi/types.ts';
import { latin1 } from './parse.ts';

const BIG = 'b'.repeat(150_000);

class Paper implements Outlet {
  closing = false;
  text = '';
  sent = 0;
  readonly cuts: boolean[] = [];
  readonly failures: unknown[] = [];
  room: Promise<void> | undefined;

  send(bytes: Uint8Array | string): void | Promise<void> {
    this.#put(bytes);
    return this.room;
  }

  sendAll(parts: readonly (Uint8Array | string)[]): void | Promise<void> {
    for (const part of parts) this.#put(part);
    return this.room;
  }

  #put(bytes: Uint8Array | string): void {
    this.text += typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('latin1');
    this.sent++;
  }

  date(): string {
    return 'now';
  }

  cut(reset: boolean): void {
    this.cuts.push(reset);
  }

  failed(error: unknown): void {
    this.failures.push(error);
  }

  get body(): string {
    return this.text.slice(this.text.indexOf('\r\n\r\n') + 4);
  }
}

function open(given: Partial<Asked> = {}, environ?: Partial<Environ>): { paper: Paper; sink: ResponseSink } {
  const paper = new Paper();
  const asked: Asked = { method: 'GET', version: 'HTTP/1.1', keepAlive: true, ...given };
  return { paper, sink: new ResponseSink(paper, asked, environ as Environ | undefined) };
}

function head(length?: number): Head {
  const headers: Head['headers'] = length === undefined ? [] : [['Content-Length', String(length)]];
  return { status: '200 OK', code: 200, headers, length };
}

/** The bytes of chunks, each with its frame undone. */
function unchunk(text: string): string {
  let body = '';
  for (let at = 0; ; ) {
    const line = text.indexOf('\r\n', at);
    const size = Number.parseInt(text.slice(at, line), 16);
    body += text.slice(line + 2, line + 2 + size);
    at = line + 2 + size;
    assert.equal(text.slice(at, at + 2), '\r\n');
    at += 2;
    if (size === 0) {
      assert.equal(at, text.length, 'nothing stands behind the last chunk');
      return body;
    }
  }
}

test('a small complete response leaves in one piece', () => {
  const { paper, sink } = open();
  void sink.start(head(5), latin1('hello'), true);
  assert.equal(paper.text, 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nDate: now\r\n\r\nhello');
  assert.equal(paper.sent, 1);
  assert.equal(sink.reusable, true);
});

test('a small complete response in chunks leaves in one piece too', () => {
  const { paper, sink } = open();
  void sink.start(head(), latin1('hello'), true);
  assert.equal(paper.body, '5\r\nhello\r\n0\r\n\r\n');
  assert.equal(paper.sent, 1);
});

test('a chunked response is ended by the last chunk, and by nothing before', () => {
  const { paper, sink } = open();
  void sink.start(head(), latin1('a'), false);
  void sink.write(latin1('b'.repeat(16)));
  assert.equal(paper.body, `1\r\na\r\n10\r\n${'b'.repeat(16)}\r\n`);
  assert.equal(sink.reusable, false);
  sink.end();
  assert.equal(unchunk(paper.body), `a${'b'.repeat(16)}`);
  assert.equal(sink.reusable, true);
});

test('an empty chunked response is complete at once', () => {
  const { paper, sink } = open();
  void sink.start(head(), latin1(''), true);
  assert.equal(paper.body, '0\r\n\r\n');
});

test('large pieces are cut, and lose nothing', async (t) => {
  for (const complete of [true, false]) {
    await t.test(complete ? 'with the head' : 'behind it', () => {
      const chunked = open();
      const sized = open();
      for (const { sink } of [chunked, sized]) {
        const given = sink === sized.sink ? head(BIG.length) : head();
        if (complete) void sink.start(given, latin1(BIG), true);
        else {
          void sink.start(given, latin1(''), false);
          void sink.write(latin1(BIG));
          sink.end();
        }
      }
      assert.equal(unchunk(chunked.paper.body), BIG);
      assert.equal(sized.paper.body, BIG);
    });
  }
});

test('the bytes of a body that HEAD asked for stay here', () => {
  const { paper, sink } = open({ method: 'HEAD' });
  void sink.start(head(5), latin1('hello'), false);
  void sink.write(latin1('more'));
  sink.end();
  assert.equal(paper.text, 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nDate: now\r\n\r\n');
  assert.equal(sink.reusable, true);
});

test('a slow client is told of by the promise of what was sent last', async () => {
  const { paper, sink } = open();
  const { promise, resolve } = Promise.withResolvers<void>();
  paper.room = promise;
  const waits = [sink.start(head(), latin1('a'), false), sink.write(latin1('b'))];
  assert.deepEqual(waits, [promise, promise]);
  resolve();
  await Promise.all(waits);
});

test('a connection that closes says so, and is not used again', () => {
  const { paper, sink } = open();
  paper.closing = true;
  void sink.start(head(0), latin1(''), true);
  assert.match(paper.text, /\r\nConnection: close\r\n/);
  assert.equal(sink.reusable, false);
});

test('a failure before the first byte becomes a page', async (t) => {
  const pages = [
    ['of the application', new Error('secret'), 500, true, '500 Internal Server Error\n'],
    [
      'of the request',
      new ClientError('BODY_TOO_LARGE'),
      413,
      false,
      '413 Content Too Large\nthe body is larger than the limit\n',
    ],
  ] as const;
  for (const [name, error, status, keepAlive, body] of pages) {
    await t.test(name, () => {
      const { paper, sink } = open();
      sink.fail(error);
      assert.match(paper.text, new RegExp(`^HTTP/1\\.1 ${status} `));
      assert.equal(paper.body, body);
      assert.equal(sink.reusable, keepAlive);
      assert.equal(paper.text.includes('Connection: close'), !keepAlive);
      assert.deepEqual(paper.failures, [error]);
      assert.deepEqual(paper.cuts, []);
    });
  }
});

test('a page has the request id where that is safe to repeat', () => {
  const good = open({}, { HTTP_X_REQUEST_ID: 'abc-1' });
  good.sink.fail(new Error());
  assert.match(good.paper.text, /\r\nX-Request-Id: abc-1\r\n/);
  assert.match(good.paper.body, /request id: abc-1\n$/);
  const bad = open({}, { HTTP_X_REQUEST_ID: '<script>' });
  bad.sink.fail(new Error());
  assert.doesNotMatch(bad.paper.text, /script/);
});

test('a failure after the first byte cuts the connection, and adds no byte', async (t) => {
  const cuts = [
    ['of chunks: closed without the last one', { version: 'HTTP/1.1' }, undefined, false],
    ['of a known length: closed before it', { version: 'HTTP/1.1' }, 9, false],
    ['that the end of the connection would end: reset', { version: 'HTTP/1.0' }, undefined, true],
  ] as const;
  for (const [name, given, length, reset] of cuts) {
    await t.test(`a body ${name}`, () => {
      const { paper, sink } = open(given);
      void sink.start(head(length), latin1('abc'), false);
      const before = paper.text;
      sink.fail(new Error());
      assert.equal(paper.text, before);
      assert.deepEqual(paper.cuts, [reset]);
      assert.equal(sink.reusable, false);
    });
  }
});

test('nobody is answered who is gone', () => {
  const { paper, sink } = open();
  sink.fail(new ClientGone());
  assert.equal(paper.text, '');
  assert.deepEqual(paper.cuts, [false]);
});
