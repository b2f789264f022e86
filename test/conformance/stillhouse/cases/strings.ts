import assert from 'node:assert/strict';
import { header } from '../../../support/wire.ts';
import type { Case, Theme } from '../suite.ts';

/** What the app gives, and what its complaint has to name: the mistake's place. The cure is asked of each. */
const HEADS: readonly (readonly [name: string, complaint: RegExp])[] = [
  ['value-cr', /X-Bad/],
  ['value-lf', /X-Bad/],
  ['value-crlf', /X-Bad/],
  ['value-nul', /X-Bad/],
  ['value-not-latin-1', /X-Bad.*latin-1/],
  ['value-number', /X-Bad/],
  ['value-bytes', /X-Bad/],
  ['value-none', /X-Bad/],
  ['name-crlf', /header name.*token/],
  ['name-space', /header name.*token/],
  ['name-colon', /header name.*token/],
  ['name-empty', /header name.*token/],
  ['name-not-ascii', /header name.*token/],
  ['name-bytes', /header name/],
  ['headers-mapping', /headers/],
  ['headers-none', /headers/],
  ['header-alone', /header/],
  ['header-of-three', /header/],
  ['length-word', /Content-Length/],
  ['length-negative', /Content-Length/],
  ['length-twice', /Content-Length/],
  ['status-number', /status/],
  ['status-bytes', /status/],
  ['status-without-reason', /status/],
  ['status-without-code', /status/],
  ['status-long-code', /status/],
  ['status-below', /status/],
  ['status-beyond', /status/],
  ['status-crlf', /status/],
  ['status-not-latin-1', /status/],
];

const CURE = /cure: \w/;

const heads = HEADS.map(
  ([name, complaint]): Case => ({
    row: 'strings',
    name: `${name} is refused with 500 and a cure`,
    async run(exchange) {
      const answer = await exchange.ask(`/head?${name}`);
      assert.equal(answer.status, 500);
      assert.equal(header(answer, 'x-injected'), undefined);
      assert.equal(header(answer, 'x-bad'), undefined);
      await exchange.complaint(complaint);
      await exchange.complaint(CURE);
    },
  }),
);

/** Too much for a frame between worker and front; the worker lives on. */
const huge = ['value-huge', 'headers-without-end'].map(
  (name): Case => ({
    row: 'strings',
    name: `${name} is refused with 500 and a cure`,
    kinds: ['python', 'typescript'],
    async run(exchange) {
      assert.equal((await exchange.ask(`/head?${name}`)).status, 500);
      await exchange.complaint(/headers/);
      await exchange.complaint(CURE);
    },
  }),
);

const BODIES: readonly (readonly [path: string, cure: RegExp])[] = [
  ['/body?text', /return \[/],
  ['/body?bytes', /return \[body\]/],
  ['/body?nothing', /iterable/],
  ['/body?number', /iterable/],
  ['/body?chunk-number', /bytes|Uint8Array/],
  ['/body?chunk-nothing', /bytes|Uint8Array/],
  ['/generator?chunk-number', /bytes|Uint8Array/],
  ['/generator?chunk-nothing', /bytes|Uint8Array/],
  ['/written', /bytes|Uint8Array/],
];

const bodies = BODIES.map(
  ([path, cure]): Case => ({
    row: 'strings',
    name: `what is no body, or no chunk, is refused with 500 and a cure (${path})`,
    async run(exchange) {
      assert.equal((await exchange.ask(path)).status, 500);
      await exchange.complaint(cure);
      await exchange.complaint(CURE);
    },
  }),
);

export const STRINGS: Theme = {
  app: 'strings',
  title: 'strings and headers that the app gives',
  cases: [
    ...heads,
    ...huge,
    ...bodies,
    ...['/body?chunk-text', '/generator?chunk-text'].map(
      (path): Case => ({
        row: 'strings',
        name: `a str chunk is refused with 500 and the cure .encode() (${path})`,
        kinds: ['python'],
        async run(exchange) {
          assert.equal((await exchange.ask(path)).status, 500);
          await exchange.complaint(/'a str chunk'\.encode\('utf-8'\)/);
        },
      }),
    ),
    {
      row: 'strings',
      name: 'a second chunk that is none cuts the connection',
      async run(exchange) {
        const answer = await exchange.ask('/second-chunk');
        assert.deepEqual([answer.status, answer.body.toString(), answer.complete], [200, 'first,', false]);
        await exchange.complaint(CURE);
      },
    },
    {
      row: 'strings',
      name: 'latin-1, tokens of every character and a reason of one’s own arrive as they were given',
      async run(exchange) {
        const answer = await exchange.ask('/odd');
        assert.deepEqual([answer.status, answer.reason], [418, "I'm a t\xe9apot"]);
        assert.equal(header(answer, 'x-between'), 'caf\xe9\ttab');
        assert.equal(header(answer, "!#$%&'*+-.^_`|~09az"), '');
        await exchange.noComplaint();
      },
    },
    {
      row: 'strings',
      name: 'a status may have an empty reason',
      run: async (exchange) => assert.equal(await exchange.text('/no-reason'), 'fine'),
    },
    {
      row: 'duplicates',
      name: 'the order of Set-Cookie is kept, and each stays a field of its own',
      async run(exchange) {
        const { headers } = await exchange.ask('/odd');
        const cookies = headers.filter(([name]) => name === 'set-cookie').map(([, value]) => value);
        assert.deepEqual(cookies, ['b=2', 'a=1', 'b=3']);
      },
    },
    {
      row: 'hop-by-hop headers',
      name: 'are dropped with a warning, and change nothing of the connection',
      async run(exchange) {
        const wire = await exchange.open();
        wire.send(exchange.request('/hop-by-hop') + exchange.request('/no-reason'));
        const answer = await wire.answer();
        assert.deepEqual([answer.status, answer.body.toString(), header(answer, 'x-kept')], [200, 'hello', 'yes']);
        const dropped = ['connection', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade'];
        const names = answer.headers.map(([name]) => name);
        assert.deepEqual(
          [...dropped, 'proxy-authenticate', 'proxy-authorization'].filter((name) => names.includes(name)),
          [],
        );
        assert.equal((await wire.answer()).body.toString(), 'fine');
        await exchange.complaint(/Transfer-Encoding/);
        await exchange.complaint(/Connection/);
      },
    },
  ],
};
