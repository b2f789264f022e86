/** What is said where: JSON lines on stdout, a record for each thing that happens. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { type LogRecord, ROOT, serve } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import { ask, get, header } from '../support/wire.ts';

const FOLDER = join(ROOT, 'test/fixtures/logs');
const SECRET = 'x9-the-secret';
const LANGUAGES = [
  {
    language: 'Python',
    file: 'talker.py',
    needed: needs('python3'),
    error: 'LookupError',
    frame: /talker\.py", line 9/,
  },
  { language: 'TypeScript', file: 'talker.ts', needed: needs(), error: 'RangeError', frame: /talker\.ts:5/ },
];

for (const { language, file, needed, error, frame } of LANGUAGES) {
  test(
    `all that a ${language} application says becomes a record with its name and the request's id`,
    needed,
    async () => {
      await using server = await serve(join(FOLDER, file));
      const said = async (path: string, words: string): Promise<LogRecord> => {
        const id = `id-of${path.replace('/', '-')}`;
        assert.equal((await ask(server.port, get(path, `X-Request-Id: ${id}`))).status, 200);
        const record = await server.record(({ msg }) => msg?.includes(words) === true, `"${words}"`);
        assert.equal(record.app, 'talker');
        assert.equal(record.request, id);
        assert.ok(server.processes().workers.some(({ pid }) => pid === record.worker));
        return record;
      };
      assert.equal((await said('/print', 'said with print')).msg, 'said with print');
      assert.equal((await said('/stderr', 'said to stderr')).level, 'warn');
      const errors = await said('/errors', 'said to wsgi.errors');
      assert.deepEqual(
        [errors.level, errors.msg],
        ['error', 'said to wsgi.errors\nand once more'],
        'one write, one record',
      );
      if (file.endsWith('.py'))
        assert.equal((await said('/logging', 'said to logging')).msg, 'WARNING said to logging');
    },
  );

  test(`a traceback of a ${language} application is one record`, needed, async () => {
    await using server = await serve(join(FOLDER, file));
    const answer = await ask(server.port, get('/fail', 'X-Request-Id: failing'));
    assert.equal(answer.status, 500);
    assert.equal(header(answer, 'x-request-id'), 'failing');
    assert.ok(answer.body.includes('request id: failing'));
    assert.ok(!answer.body.includes('nothing'), 'the inside is for the log');
    await server.record(({ kind }) => kind === 'access');
    const records = server.records.filter(({ request, kind }) => request === 'failing' && kind === undefined);
    const [record] = records.filter(({ traceback }) => traceback !== undefined);
    assert.ok(record);
    assert.equal(record.code, 'APP_EXCEPTION');
    assert.equal(record.level, 'error');
    assert.equal(record.app, 'talker');
    assert.ok(record.msg?.includes(error));
    assert.match(String(record.traceback), frame);
    assert.match(String(record.traceback), /nothing\nwas found/);
    assert.doesNotMatch(String(record.traceback), /stillhouse_worker|src\/workers|node:internal/);
    assert.equal(records.filter((each) => JSON.stringify(each).includes(error)).length, 1, 'once, and whole');
  });

  test(`a record that a ${language} application forges is not believed`, needed, async () => {
    await using server = await serve(join(FOLDER, file));
    await ask(server.port, get('/forge', 'X-Request-Id: true-id'));
    const { level, code, request } = await server.record(({ msg }) => msg?.includes('forged') === true);
    assert.deepEqual([level, code, request], ['info', undefined, 'true-id']);
  });
}

test('each request has one access record, and no record holds a query string or a header’s value', async () => {
  await using server = await serve(join(FOLDER, 'talker.ts'));
  const asked = [
    get(`/one?token=${SECRET}`),
    get(
      `/two?${SECRET}`,
      `Cookie: session=${SECRET}`,
      `Authorization: Bearer ${SECRET}`,
      `Referer: http://x/?${SECRET}`,
    ),
    get(`/fail?token=${SECRET}`),
    `GET http://test/absolute?token=${SECRET} HTTP/1.1\r\nHost: test\r\n\r\n`,
    `GET /refused?token=${SECRET} HTTP/1.1\r\n\r\n`,
  ];
  for (const request of asked) await ask(server.port, request);
  await server.stop();
  const access = server.records.filter(({ kind }) => kind === 'access');
  assert.deepEqual(
    access.map(({ method, path, status }) => `${method} ${path} ${status}`),
    ['GET /one 200', 'GET /two 200', 'GET /fail 500', 'GET /absolute 200'],
  );
  const [refusal] = server.records.filter(({ kind }) => kind === 'refused');
  assert.equal(refusal?.status, 400);
  assert.equal(refusal?.code, 'HOST_MISSING');
  const ids = [...access, refusal].map((record) => record?.request);
  assert.equal(new Set(ids).size, 5, 'each has an id of its own');
  assert.equal(server.lines.length, server.records.length, 'every line is JSON');
  assert.equal(server.lines.filter((line) => line.includes(SECRET)).length, 0);
});

test('an access record tells the size, the time and whether the response was whole', async () => {
  await using server = await serve(join(FOLDER, 'talker.ts'));
  await ask(server.port, get('/', 'X-Request-Id: four'));
  const record = await server.record(({ kind }) => kind === 'access');
  const { request, remote, protocol, bytes, complete, ms, time, level } = record;
  assert.deepEqual(
    [request, remote, protocol, bytes, complete, level],
    ['four', '127.0.0.1', 'HTTP/1.1', 4, true, 'info'],
  );
  assert.ok(typeof ms === 'number' && ms >= 0);
  assert.equal(new Date(String(time)).toISOString(), time);
});

test('a given X-Request-Id is taken when it is safe, and replaced when it is not', async () => {
  await using server = await serve(join(FOLDER, 'talker.ts'));
  const idFor = async (given: string): Promise<string> => {
    const answer = await ask(server.port, get('/', `X-Request-Id: ${given}`));
    const id = header(answer, 'x-request-id') ?? '';
    assert.equal(answer.body.toString(), id, 'the application sees the id that the client gets');
    await server.record(({ kind, request }) => kind === 'access' && request === id, `the access record of ${id}`);
    return id;
  };
  for (const safe of ['a', 'A.b_c-9', '0'.repeat(128)]) assert.equal(await idFor(safe), safe);
  for (const unsafe of ['0'.repeat(129), 'two words', 'a"b', 'a\tb', '\xe9', '<b>', 'a,b', '$(id)']) {
    assert.match(await idFor(unsafe), /^[0-9a-f]{12}-[0-9a-z]+$/);
  }
});

test('--no-access-log leaves the access records out, and nothing else', async () => {
  await using server = await serve(join(FOLDER, 'talker.ts'), ['--no-access-log']);
  await ask(server.port, get('/print'));
  await server.stop();
  assert.equal(server.records.filter(({ kind }) => kind === 'access').length, 0);
  assert.ok(server.records.some(({ msg }) => msg === 'said with print'));
});
