import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { Exchange } from '../exchange.ts';
import type { Case, Theme } from '../suite.ts';

const ROW = 'wsgi.input';
const TEXT = 'one\ntwo\n\nthree';
/** More than a body may have and stay in memory. */
const PAD = 'x'.repeat(200_000);

/** Steps of the app, and what each gives; the end comes again and again. */
const STEPS: readonly (readonly [steps: string, seen: readonly unknown[]])[] = [
  ['read,read,read:5', [TEXT, '', '']],
  ['read:-1,readline', [TEXT, '']],
  ['read:3,read:0,read:100,read:100', ['one', '', TEXT.slice(3), '']],
  ['readline,readline,readline,readline,readline', ['one\n', 'two\n', '\n', 'three', '']],
  ['readline:2,readline:2,readline:100,readline:0', ['on', 'e\n', 'two\n', '']],
  ['readlines,readlines,read', [['one\n', 'two\n', '\n', 'three'], [], '']],
  ['readlines:1,readlines:3,readlines:0', [['one\n'], ['two\n'], ['\n', 'three']]],
  ['iterate,iterate,read', [['one\n', 'two\n', '\n', 'three'], [], '']],
  ['readline,read:2,iterate', ['one\n', 'tw', ['o\n', '\n', 'three']]],
];

const FRAMINGS: Readonly<Record<string, (body: string) => { headers: string[]; body: string }>> = {
  sized: (body) => ({ headers: [`Content-Length: ${body.length}`], body }),
  chunked: (body) => ({ headers: ['Transfer-Encoding: chunked'], body: chunked(body, 5) }),
};

function chunked(body: string, size: number): string {
  const pieces = body.match(new RegExp(`.{1,${size}}`, 'gs')) ?? [];
  return `${pieces.map((piece) => `${piece.length.toString(16)};ext="x"\r\n${piece}\r\n`).join('')}0\r\nX-Trailer: t\r\n\r\n`;
}

const methods = Object.entries(FRAMINGS).flatMap(([framing, frame]) =>
  STEPS.flatMap(([steps, seen]): Case[] => [
    {
      row: ROW,
      name: `${framing}: ${steps}`,
      async run(exchange) {
        const given = await exchange.text(`/steps?${steps}`, { method: 'POST', ...frame(TEXT) });
        assert.deepEqual((JSON.parse(given) as { seen: unknown }).seen, seen);
      },
    },
    {
      row: ROW,
      name: `${framing}, spooled: ${steps}`,
      async run(exchange) {
        const { headers, body } =
          framing === 'sized' ? frame(PAD + TEXT) : { ...frame(''), body: chunked(PAD + TEXT, 9999) };
        const given = await exchange.text(`/steps?skip:${PAD.length},${steps}`, { method: 'POST', headers, body });
        assert.deepEqual((JSON.parse(given) as { seen: unknown }).seen, [PAD.length, ...seen]);
      },
    },
  ]),
);

const sha256 = (text: string) => createHash('sha256').update(text, 'latin1').digest('hex');

/** A body that ends before it is complete: sent, and the client's side closed. */
function truncated(name: string, headers: readonly string[], body: string): Case {
  return {
    row: ROW,
    name: `a body that is cut short never looks complete (${name})`,
    async run(exchange: Exchange) {
      const wire = await exchange.open();
      wire.send(exchange.request('/digest', { method: 'POST', headers, body }));
      wire.socket.end();
      const answer = await wire.answer();
      assert.equal(answer.status, 400);
      // A server that reads the body first does not even call the app.
      assert.deepEqual(await exchange.saidAll(), exchange.subject.kind === 'makeServer' ? ['called'] : []);
    },
  };
}

export const INPUT: Theme = {
  app: 'input',
  title: 'wsgi.input',
  cases: [
    ...methods,
    {
      row: ROW,
      name: 'is empty without a body',
      async run(exchange) {
        const given = await exchange.text('/steps?read,readline,readlines,iterate');
        assert.deepEqual(JSON.parse(given), { seen: ['', '', [], []], length: null });
      },
    },
    {
      row: ROW,
      name: 'is empty with a Content-Length of 0',
      async run(exchange) {
        const given = await exchange.text('/steps?read,read', { method: 'POST', headers: ['Content-Length: 0'] });
        assert.deepEqual(JSON.parse(given), { seen: ['', ''], length: '0' });
      },
    },
    {
      row: ROW,
      name: 'of a chunked body has its CONTENT_LENGTH, and no Transfer-Encoding',
      kinds: ['python', 'typescript'],
      async run(exchange) {
        for (const body of [TEXT, PAD, '']) {
          const options = { method: 'POST', headers: ['Transfer-Encoding: chunked'], body: chunked(body, 70_000) };
          const { length } = JSON.parse(await exchange.text(`/steps?skip:1`, options)) as { length: string };
          assert.equal(length, String(body.length));
          assert.equal(await exchange.text('/digest', options), `${body.length} ${sha256(body)} None`);
        }
      },
    },
    ...[65_535, 65_536, 65_537, 1_000_000].map(
      (size): Case => ({
        row: ROW,
        name: `gives all ${size} bytes`,
        async run(exchange) {
          const body = Array.from({ length: size }, (_, at) => String.fromCharCode((at * 7) % 251)).join('');
          const digest = await exchange.text('/digest', { method: 'POST', ...FRAMINGS.sized?.(body) });
          assert.equal(digest, `${size} ${sha256(body)} None`);
        },
      }),
    ),
    truncated('sized', ['Content-Length: 10'], 'short'),
    truncated('spooled', ['Content-Length: 300000'], PAD),
    truncated('chunked, in mid-chunk', ['Transfer-Encoding: chunked'], 'a\r\nshort'),
    truncated('chunked, without the last chunk', ['Transfer-Encoding: chunked'], '5\r\nshort\r\n'),
    truncated('chunked, without the last line', ['Transfer-Encoding: chunked'], '5\r\nshort\r\n0\r\n'),
    truncated('chunked, malformed', ['Transfer-Encoding: chunked'], '5\r\nshort\r\nzz\r\n'),
    {
      row: ROW,
      name: 'can be read while the response is on its way',
      async run(exchange) {
        const options = { method: 'POST', ...FRAMINGS.sized?.(TEXT) };
        assert.equal(await exchange.text('/answers-first', options), `got ${TEXT}`);
      },
    },
    ...(['sized', 'chunked'] as const).map(
      (framing): Case => ({
        row: ROW,
        name: `that is not read does not spoil the next request (${framing})`,
        async run(exchange) {
          const wire = await exchange.open();
          wire.send(exchange.request('/unread', { method: 'POST', ...FRAMINGS[framing]?.(TEXT) }));
          wire.send(exchange.request('/steps?read', { method: 'POST', ...FRAMINGS[framing]?.('next') }));
          assert.equal((await wire.answer()).body.toString(), 'unread');
          assert.deepEqual((JSON.parse((await wire.answer()).body.toString()) as { seen: unknown }).seen, ['next']);
        },
      }),
    ),
  ],
};
