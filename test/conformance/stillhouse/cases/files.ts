import assert from 'node:assert/strict';
import { header } from '../../../support/wire.ts';
import type { Case, Theme } from '../suite.ts';

const ROW = 'file wrapper';
const CONTENT = '0123456789'.repeat(20_000);

function gives(name: string, path: string, expected: string): Case {
  return {
    row: ROW,
    name: `${name} (${path})`,
    async run(exchange) {
      assert.equal(await exchange.text(path), expected);
      await exchange.noComplaint();
      await exchange.checkClosed();
    },
  };
}

export const FILES: Theme = {
  app: 'files',
  title: 'wsgi.file_wrapper',
  cases: [
    gives('a file without a descriptor', '/whole', CONTENT),
    gives('a file with a descriptor, from where it stands', '/with-descriptor', CONTENT.slice(7)),
    gives('from the file’s offset', '/from-offset', CONTENT.slice(100_003)),
    gives('no further than Content-Length', '/part', CONTENT.slice(3, 100_008)),
    gives('of a file that has nothing but read(size)', '/read-only', 'two blocks'),
    gives('iterated by middleware, in blocks of the size it asked for', '/iterated', '0123|4567|89'),
    gives('closes its file once, however often it is closed', '/closed-twice', '0123456789'),
    {
      row: ROW,
      name: 'a file that is shorter than Content-Length is logged, and the connection closed',
      async run(exchange) {
        const answer = await exchange.ask('/short');
        assert.deepEqual([answer.body.toString(), answer.complete], [CONTENT, false]);
        await exchange.complaint(/Content-Length/);
        await exchange.checkClosed();
      },
    },
    {
      row: ROW,
      name: 'a HEAD sends nothing of the file, and closes it',
      async run(exchange) {
        const wire = await exchange.open();
        wire.send(exchange.request('/part', { method: 'HEAD' }) + exchange.request('/read-only'));
        assert.equal(header(await wire.answer('HEAD'), 'content-length'), '100005');
        assert.equal((await wire.answer()).body.toString(), 'two blocks');
        await exchange.checkClosed();
      },
    },
    {
      row: ROW,
      name: 'a client that leaves closes the file',
      async run(exchange) {
        const wire = await exchange.open();
        wire.send(exchange.request('/whole'));
        await wire.some();
        wire.socket.resetAndDestroy();
        await exchange.checkClosed();
      },
    },
  ],
};
