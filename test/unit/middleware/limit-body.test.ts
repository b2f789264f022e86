/** Request bodies over the limit of an app. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClientError } from '../../../src/errors.ts';
import { limitBody } from '../../../src/middleware/limit-body.ts';
import { Input } from '../../../src/wsgi/input.ts';
import type { Application, Environ } from '../../../src/wsgi/types.ts';
import { environ } from '../wsgi/fake.ts';

const LIMIT = 10;
const tooLarge = (error: unknown) => error instanceof ClientError && error.code === 'BODY_TOO_LARGE';

function upload(pieces: readonly string[], chunked: boolean): { request: Environ; pulled: () => number } {
  const size = pieces.join('').length;
  const request = environ({
    method: 'POST',
    fields: chunked ? ['Transfer-Encoding', 'chunked'] : ['Content-Length', String(size)],
  });
  let pulled = 0;
  request['wsgi.input'] = new Input(async () => {
    const piece = pieces[pulled++];
    return piece === undefined ? undefined : Buffer.from(piece);
  });
  return { request, pulled: () => pulled };
}

const read: Application = async (request) => [await request['wsgi.input'].read()];

async function bodyOf(request: Environ): Promise<string> {
  const [chunk] = (await limitBody(LIMIT)(read)(request, () => async () => undefined)) as Uint8Array[];
  return Buffer.from(chunk as Uint8Array).toString();
}

test('a body of up to the limit is passed on', async () => {
  for (const chunked of [false, true]) {
    assert.equal(await bodyOf(upload(['12345', '67890'], chunked).request), '1234567890');
    assert.equal(await bodyOf(upload([], chunked).request), '');
  }
});

test('a Content-Length over the limit is refused before anything is read', () => {
  const { request, pulled } = upload(['12345', '678901'], false);
  assert.throws(() => limitBody(LIMIT)(read)(request, () => async () => undefined), tooLarge);
  assert.equal(pulled(), 0);
});

test('a chunked body is refused when the limit is passed, and nothing more is read', async () => {
  const { request, pulled } = upload(['12345', '678901', 'more'], true);
  await assert.rejects(bodyOf(request), tooLarge);
  assert.equal(pulled(), 2);
  await assert.rejects(request['wsgi.input'].read(), tooLarge, 'and never looks complete');
});
