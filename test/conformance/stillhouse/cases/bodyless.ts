import assert from 'node:assert/strict';
import { header } from '../../../support/wire.ts';
import type { Exchange } from '../exchange.ts';
import type { Case, Theme } from '../suite.ts';

const ROW = 'HEAD, 204, 304, 1xx';

interface Expected {
  readonly method?: string;
  readonly status?: number;
  readonly length: string | undefined;
}

/** The bytes that come behind the head, up to the next response, are none. */
async function hasNoBody(exchange: Exchange, path: string, { method = 'GET', status = 200, length }: Expected) {
  const wire = await exchange.open();
  wire.send(exchange.request(path, { method }) + exchange.request('/sized'));
  const answer = await wire.answer(method);
  assert.equal(answer.status, status);
  assert.equal(header(answer, 'content-length'), length);
  if (status === 204) assert.equal(header(answer, 'transfer-encoding'), undefined);
  const next = await wire.answer();
  assert.deepEqual(
    [next.status, next.body.toString()],
    [200, 'hello'],
    'the next response begins right behind the head',
  );
}

function bodyless(name: string, path: string, expected: Expected): Case {
  return {
    row: ROW,
    name: `${name} (${path})`,
    async run(exchange) {
      await hasNoBody(exchange, path, expected);
      await exchange.noComplaint();
    },
  };
}

const HEAD = { method: 'HEAD' };

export const BODYLESS: Theme = {
  app: 'bodyless',
  title: 'responses without a body',
  cases: [
    bodyless('HEAD keeps Content-Length and drops the body', '/sized', { ...HEAD, length: '5' }),
    bodyless('HEAD keeps Content-Length and drops a generator', '/sized-generator', { ...HEAD, length: '5' }),
    bodyless('HEAD keeps Content-Length of an empty body', '/sized-empty', { ...HEAD, length: '5' }),
    bodyless('HEAD keeps Content-Length of what is written', '/written', { ...HEAD, length: '5' }),
    bodyless('HEAD says no length that it does not know', '/unsized-generator', { ...HEAD, length: undefined }),
    {
      row: ROW,
      name: 'HEAD of an empty body does not say that a GET has length 0, or says what the GET says',
      async run(exchange) {
        const [head, get] = [await exchange.ask('/unsized-empty', HEAD), await exchange.ask('/unsized-empty')];
        assert.equal(get.body.length, 0);
        assert.ok([undefined, header(get, 'content-length')].includes(header(head, 'content-length')));
      },
    },
    bodyless('204 loses its Content-Length', '/no-content', { status: 204, length: undefined }),
    bodyless('204 loses its body', '/no-content-but-body', { status: 204, length: undefined }),
    bodyless('304 keeps its Content-Length', '/not-modified', { status: 304, length: '42' }),
    bodyless('304 loses its body', '/not-modified-but-body', { status: 304, length: '5' }),
    bodyless('304 of a HEAD', '/not-modified', { ...HEAD, status: 304, length: '42' }),
    ...['100', '101', '103'].map(
      (status): Case => ({
        row: ROW,
        name: `${status} of an app is 500`,
        async run(exchange) {
          const answer = await exchange.ask(`/interim?${status}`);
          assert.equal(answer.status, 500);
          await exchange.complaint(new RegExp(`${status} Interim`));
        },
      }),
    ),
  ],
};
