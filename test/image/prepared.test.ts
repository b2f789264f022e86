/** An image of one's own: `FROM stillhouse`, the apps, and `RUN stillhouse prepare`. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { Folder } from '../support/folder.ts';
import { ask, get } from '../support/wire.ts';
import { dropFlask } from './support/compose.ts';
import { buildImage, Container, docker, IMAGE, needsEngine } from './support/docker.ts';
import { writeFlaskWheels } from './support/flask-wheels.ts';

const DOCKERFILE = `FROM ${IMAGE}
COPY apps /apps
COPY wheels /tmp/wheels
RUN stillhouse prepare --python-wheels=/tmp/wheels
`;

before(async () => {
  if (needsEngine.skip === false) await buildImage();
});

test(
  'what stillhouse prepare installs at build time is there at the start, with a new volume and without an index',
  needsEngine,
  async () => {
    using folder = new Folder({ Dockerfile: DOCKERFILE });
    dropFlask(folder);
    mkdirSync(join(folder.path, 'wheels'));
    writeFlaskWheels(join(folder.path, 'wheels'));
    const own = `stillhouse-test:${randomBytes(4).toString('hex')}`;
    try {
      await docker('build', '--network', 'none', '--quiet', '--tag', own, folder.path);
      await using container = await Container.run(['-p', '127.0.0.1::8000'], [], own);
      await container.healthy();
      const answer = await ask(await container.port(8000), get('/flask/greet/you'));
      assert.deepEqual([answer.status, String(answer.body)], [200, 'flask greets you at /flask']);
      assert.doesNotMatch(await container.logs(), /installing/);
    } finally {
      await docker('image', 'rm', '--force', own);
    }
  },
);
