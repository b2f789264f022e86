/** An image service in Falcon, as a program drives it: uploads by stream and by form, JSON, conditional requests. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { it } from 'node:test';
import { Folder } from '../support/folder.ts';
import { SERVERS } from '../support/gunicorn.ts';

const IMAGE = randomBytes(3 * 2 ** 20 + 17);
const OTHER = Buffer.from('\r\n--not-the-boundary\r\n\0');

const sum = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const told = (name: string, bytes: Buffer) => ({ name, size: bytes.length, sha256: sum(bytes) });
const bytesOf = async (answer: Response) => Buffer.from(await answer.arrayBuffer());

for (const { name, start } of SERVERS) {
  it(`an image service in Falcon under ${name}: uploads, downloads, JSON, ETags`, async () => {
    using data = new Folder();
    const environment = { IMAGES_DATA: data.path };
    await using server = await start({ folder: 'falcon_images', target: 'images', workers: 2, environment });
    const images = `http://127.0.0.1:${server.port}/images`;
    await upload(images);
    await uploadByForm(images);
    await download(images);
    await refuse(images);
    await remove(images);
  });
}

/** With a Content-Length, and chunked. */
async function upload(images: string): Promise<void> {
  const sized = await fetch(`${images}/sized.png`, { method: 'PUT', body: IMAGE });
  assert.deepEqual([sized.status, await sized.json()], [201, told('sized.png', IMAGE)]);
  assert.equal(sized.headers.get('location'), '/images/sized.png');
  const pieces = Array.from({ length: 49 }, (_, at) => IMAGE.subarray(at * 65_536, (at + 1) * 65_536));
  const body = ReadableStream.from(pieces);
  const chunked = await fetch(`${images}/chunked.png`, { method: 'PUT', body, duplex: 'half' });
  assert.deepEqual([chunked.status, await chunked.json()], [201, told('chunked.png', IMAGE)]);
  const empty = await fetch(`${images}/empty.png`, { method: 'PUT', body: '' });
  assert.deepEqual(await empty.json(), told('empty.png', Buffer.alloc(0)));
}

async function uploadByForm(images: string): Promise<void> {
  const form = new FormData();
  form.append('album', 'Zoë & Max');
  form.append('images', new Blob([IMAGE]), 'One.png');
  form.append('images', new Blob([OTHER]), 'two.png');
  const answer = await fetch(images, { method: 'POST', body: form });
  assert.equal(answer.status, 201);
  assert.deepEqual(await answer.json(), {
    album: 'Zoë & Max',
    images: [told('one.png', IMAGE), told('two.png', OTHER)],
  });
}

async function download(images: string): Promise<void> {
  const list = await fetch(images);
  assert.deepEqual(await list.json(), {
    images: ['chunked.png', 'empty.png', 'one.png', 'sized.png', 'two.png'],
  });
  const answers = await Promise.all(['chunked', 'one', 'sized'].map((name) => fetch(`${images}/${name}.png`)));
  for (const answer of answers) {
    const { status, headers } = answer;
    assert.deepEqual([status, headers.get('content-type')], [200, 'image/png']);
    assert.equal(headers.get('content-length'), String(IMAGE.length));
    assert.ok((await bytesOf(answer)).equals(IMAGE));
  }
  const etag = answers[0]?.headers.get('etag') ?? '';
  assert.equal(etag, `"${sum(IMAGE)}"`);
  const same = await fetch(`${images}/one.png`, { headers: { 'If-None-Match': etag } });
  assert.deepEqual([same.status, same.headers.get('etag'), (await bytesOf(same)).length], [304, etag, 0]);
  const changed = await fetch(`${images}/two.png`, { headers: { 'If-None-Match': etag } });
  assert.deepEqual([changed.status, await bytesOf(changed)], [200, OTHER]);
}

async function refuse(images: string): Promise<void> {
  const missing = await fetch(`${images}/none.png`);
  assert.deepEqual([missing.status, await missing.json()], [404, { title: 'No such image', description: 'none.png' }]);
  assert.equal((await fetch(`${images}/..%2Fetc`)).status, 404);
  assert.equal((await fetch(`${images}/UPPER`, { method: 'PUT', body: 'x' })).status, 400);
  assert.equal((await fetch(images, { method: 'DELETE' })).status, 405);
  const broken = await fetch(images, {
    method: 'POST',
    headers: { 'Content-Type': 'multipart/form-data; boundary=here' },
    body: '--here\r\nContent-Disposition: form-data; name="album"\r\n\r\nno end',
  });
  assert.equal(broken.status, 400);
}

async function remove(images: string): Promise<void> {
  for (const name of ['one', 'two']) {
    const answer = await fetch(`${images}/${name}.png`, { method: 'DELETE' });
    assert.deepEqual([answer.status, (await bytesOf(answer)).length], [204, 0]);
    assert.equal((await fetch(`${images}/${name}.png`)).status, 404);
  }
}
