/** Limits on what a client may ask for: refused with the status that says why, and closed. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { LANGUAGES, serveHttpApp } from '../support/http-app.ts';
import type { RunningServer } from '../support/server.ts';
import { type Answer, get, Wire } from '../support/wire.ts';

for (const { language, file, needed } of LANGUAGES) {
  describe(`limits of a ${language} app`, needed, () => {
    let server: RunningServer & { port: number };
    before(async () => {
      const limits = ['line=200', 'fields=10', 'head=1000', 'body=100000'].map((limit) => `--limit-request-${limit}`);
      server = await serveHttpApp(file, ...limits);
    });
    after(() => server?.[Symbol.asyncDispose]());

    /** The answer to the first request; the second behind it is answered only where the first was not refused. */
    async function answerTo(request: string): Promise<Answer> {
      using wire = await Wire.open(server.port);
      const answer = await wire.send(request + get('/behind')).answer();
      if (answer.status === 200) assert.equal((await wire.answer()).body.toString(), '/behind');
      else assert.equal((await wire.rest()).length, 0);
      return answer;
    }

    const line = (size: number) => get(`/${'a'.repeat(size - 'GET / HTTP/1.1'.length)}`);
    const fields = (count: number) => get('/', ...Array.from({ length: count - 1 }, (_, number) => `X-${number}: a`));
    const post = (framing: string, body: string) => `POST /digest HTTP/1.1\r\nHost: test\r\n${framing}\r\n\r\n${body}`;
    const sized = (size: number) => post(`Content-Length: ${size}`, 'a'.repeat(size));
    const chunk = (size: number) => `${size.toString(16)}\r\n${'a'.repeat(size)}\r\n`;
    const chunked = (...sizes: number[]) => post('Transfer-Encoding: chunked', `${sizes.map(chunk).join('')}0\r\n\r\n`);

    const CASES: readonly (readonly [name: string, status: number, request: string])[] = [
      ['a request line at the limit', 200, line(200)],
      ['a request line beyond', 414, line(201)],
      ['as many fields as the limit', 200, fields(10)],
      ['one field more', 431, fields(11)],
      ['fields that are larger together', 431, get('/', ...Array.from({ length: 5 }, () => `X: ${'a'.repeat(250)}`))],
      ['one field that is larger', 431, get('/', `X: ${'a'.repeat(1000)}`)],
      ['a body at the limit', 200, sized(100_000)],
      ['a body beyond', 413, sized(100_001)],
      ['a chunked body at the limit', 200, chunked(60_000, 40_000)],
      ['a chunked body beyond', 413, chunked(60_000, 40_000, 1)],
      ['one chunk beyond', 413, chunked(100_001)],
    ];
    for (const [name, status, request] of CASES) {
      it(`${name} is ${status}`, async () => assert.equal((await answerTo(request)).status, status));
    }

    it('a head beyond the limit is refused before it ends', async () => {
      using wire = await Wire.open(server.port);
      assert.equal((await wire.send(`GET /${'a'.repeat(300)}`).answer()).status, 414);
      using other = await Wire.open(server.port);
      assert.equal((await other.send(`GET / HTTP/1.1\r\nX: ${'a'.repeat(2000)}`).answer()).status, 431);
    });

    it('a body beyond the limit is refused before it comes', async () => {
      using wire = await Wire.open(server.port);
      assert.equal((await wire.send(post('Content-Length: 100001', '')).answer()).status, 413);
    });

    it('a client that still sends its body can read the refusal', async () => {
      using wire = await Wire.open(server.port);
      const answer = await wire.send(post('Content-Length: 5000000', 'a'.repeat(5_000_000))).answer();
      assert.deepEqual([answer.status, answer.complete], [413, true]);
      await wire.closed();
    });
  });
}
