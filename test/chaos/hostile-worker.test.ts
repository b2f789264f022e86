/** Workers that lie, in every way that the protocol lets one: each spoils its own answers, and nothing else. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { adminPort, scrape } from '../support/admin.ts';
import { peakMemory } from '../support/processes.ts';
import { needs } from '../support/tools.ts';
import { until } from '../support/until.ts';
import { type Answer, ask, ConnectionEnded, get, header, Wire } from '../support/wire.ts';
import { type Hostile, Load, liar, serveHostile } from './support/hostile.ts';

/** What the client of a lie gets: an error page of this status, all of an answer, one that is cut, or whatever chance makes. */
type Outcome = number | 'whole' | 'cut' | 'any';
/** `twice`: the request was tried on another worker, once. */
type Fate = 'lives' | 'replaced' | 'twice';

const LIES: readonly (readonly [lie: string, outcome: Outcome, fate: Fate])[] = [
  ['status-crlf', 500, 'lives'],
  ['status-not-a-number', 500, 'lives'],
  ['status-empty', 500, 'lives'],
  ['status-of-1xx', 500, 'lives'],
  ['status-beyond', 500, 'lives'],
  ['header-name-empty', 500, 'lives'],
  ['header-name-space', 500, 'lives'],
  ['header-name-crlf', 500, 'lives'],
  ['header-name-colon', 500, 'lives'],
  ['header-value-crlf', 500, 'lives'],
  ['header-value-lf', 500, 'lives'],
  ['header-value-control', 500, 'lives'],
  ['length-twice', 500, 'lives'],
  ['length-signed', 500, 'lives'],
  ['transfer-encoding', 'whole', 'lives'],
  ['length-too-long', 'cut', 'lives'],
  ['length-too-short', 'whole', 'lives'],
  ['header-value-nul', 502, 'replaced'],
  ['count-too-large', 502, 'replaced'],
  ['count-too-small', 502, 'replaced'],
  ['head-without-end', 502, 'replaced'],
  ['head-size-over-size', 502, 'replaced'],
  ['frame-of-4-gb', 502, 'replaced'],
  ['frame-over-the-bound', 502, 'replaced'],
  ['type-0', 502, 'replaced'],
  ['type-255', 502, 'replaced'],
  ['noise', 502, 'replaced'],
  ['request-upwards', 502, 'replaced'],
  ['start-upwards', 502, 'replaced'],
  ['another-id', 502, 'replaced'],
  ['id-0', 502, 'replaced'],
  ['data-before-response', 502, 'replaced'],
  ['response-twice', 'cut', 'replaced'],
  ['data-after-end', 'whole', 'replaced'],
  ['answer-twice', 'whole', 'replaced'],
  ['done-before-end', 'cut', 'replaced'],
  ['done-without-response', 502, 'replaced'],
  ['free-without-end', 'cut', 'replaced'],
  ['abort-with-a-page', 502, 'replaced'],
  ['abort-in-the-middle', 'cut', 'lives'],
  ['more-than-credit', 'cut', 'replaced'],
  ['one-frame-of-more-than-credit', 502, 'replaced'],
  ['empty-data-for-ever', 500, 'replaced'],
  ['ready-again', 502, 'replaced'],
  ['failed-after-ready', 502, 'replaced'],
  ['stacks-unasked', 502, 'replaced'],
  ['stacks-without-end', 502, 'replaced'],
  ['ping-unasked', 502, 'replaced'],
  ['returned-unasked', 502, 'replaced'],
  ['credit-unasked', 502, 'replaced'],
  ['credit-without-end', 502, 'replaced'],
  ['response-on-the-control-link', 502, 'replaced'],
  ['noise-on-the-control-link', 502, 'replaced'],
  ['data-link-closed', 502, 'replaced'],
  ['control-link-closed', 502, 'replaced'],
  ['both-links-closed', 502, 'replaced'],
  ['exit', 502, 'replaced'],
  ['exit-and-deny', 502, 'twice'],
  ['progress-forged', 502, 'replaced'],
  ['progress-cut', 502, 'twice'],
  ['half-a-frame', 504, 'replaced'],
  ['half-a-header', 504, 'replaced'],
  ['never-answers', 504, 'replaced'],
  ...Array.from({ length: 12 }, (_, seed) => [`at-random-${seed}`, 'any', 'replaced'] as const),
  ['forged-records', 'whole', 'lives'],
  ['print-without-end', 'whole', 'lives'],
  ['print-many-lines', 'whole', 'lives'],
  ['print-noise', 'whole', 'lives'],
  ['print-records-without-end', 'whole', 'lives'],
  ['outputs-closed', 'whole', 'lives'],
];

/** Lies of one app come one after the other, and each death makes the next start wait longer. */
const APPS = 16;
/** What a front may hold for all of this, in bytes beyond what it held before; the frames of one lie that are bounded by the kernel's pipes alone are 64 MB. */
const MEMORY = 160 << 20;

const skip = needs('python3');

describe('a worker that lies', skip, () => {
  let hostile: Hostile;
  let load: Load;
  let front: number;
  let memory: number;

  before(async () => {
    const yaml = liar('timeout: 1\ntimeout_grace: 0.2\n');
    const liars = Array.from({ length: APPS }, (_, app) => [`liar-${app}`, yaml]);
    hostile = await serveHostile({ ...Object.fromEntries(liars), talker: liar('timeout: 60\n') });
    front = hostile.server.processes().front.pid;
    load = new Load(hostile.server.port);
    await until(() => load.answered > 100, 'a hundred good answers');
    memory = peakMemory(front);
  });

  after(async () => {
    await load[Symbol.asyncDispose]();
    await hostile[Symbol.asyncDispose]();
  });

  describe('each lie', { concurrency: 4 }, () => {
    for (const [at, [lie, outcome, fate]] of LIES.entries()) {
      test(lie, async () => {
        const { server } = hostile;
        const app = fate === 'lives' ? 'talker' : `liar-${at % APPS}`;
        const replacements = () =>
          server.records.filter((record) => record.app === app && record.msg?.includes('the next one is started'))
            .length;
        const before = replacements();
        const answered = load.answered;
        judge(await told(server.port, app, lie), outcome);
        const honest = await ask(server.port, get(`/${app}/honest`));
        assert.deepEqual([honest.status, honest.body.toString()], [200, 'honest'], 'the app goes on');
        const expected = before + { lives: 0, replaced: 1, twice: 2 }[fate];
        if (fate === 'lives') assert.equal(replacements(), expected);
        else await until(() => replacements() === expected, 'the record of the replacement');
        await until(() => load.answered > answered, 'an answer of the good app since');
        assert.deepEqual(load.wrong, []);
        assert.equal(server.processes().front.pid, front, 'the front lives');
      });
    }
  });

  test('a client that leaves an answer without end: the worker has its timeout to end it, and is replaced', async () => {
    const { server } = hostile;
    using wire = await Wire.open(server.port);
    wire.send(get('/liar-0/lie?never-ends'));
    assert.match((await wire.some()).toString(), /^HTTP\/1\.1 200 OK/);
    wire.socket.resetAndDestroy();
    assert.equal((await ask(server.port, get('/liar-0/honest'))).status, 200);
  });

  test('a slot that is never freed is lost to its own app alone', async () => {
    const { server } = hostile;
    const { body } = await ask(server.port, get('/liar-1/lie?never-frees'));
    assert.equal(body.toString(), 'whole');
    const answered = load.answered;
    await until(() => load.answered > answered + 10, 'ten good answers');
  });

  test('what is printed cannot be taken for what is not theirs', () => {
    const { lines, records } = hostile.server;
    assert.equal(lines.length, records.length, 'each line of the log is one record');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal would obey them
    for (const line of lines) assert.doesNotMatch(line, /[\0-\x1f]/);
    const forged = records.filter(({ msg }) => msg?.includes('forged-') === true);
    assert.ok(forged.length >= 5, `${forged.length}`);
    for (const { app, kind, process, code, request, level } of forged) {
      assert.match(String(app), /^talker$/);
      assert.deepEqual([kind, process], [undefined, 'front']);
      assert.match(level, /^(debug|info|warn|error)$/);
      assert.match(code ?? 'APP_', /^APP_[A-Z_]{0,60}$/);
      assert.match(request ?? 'none', /^[A-Za-z0-9._-]{1,128}$/);
    }
  });

  test('after all of it: no good answer was lost, the front is the same, and its memory is bounded', async () => {
    await load.end();
    const admin = await adminPort(hostile.server);
    assert.equal((await scrape(admin)).value('stillhouse_front_restarts_total'), 0);
    const good = { app: 'good', method: 'GET', status: '2xx' };
    const counted = async () => (await scrape(admin)).value('stillhouse_requests_total', good);
    await until(async () => (await counted()) === load.answered, 'the count of all good answers');
    const grown = peakMemory(front) - memory;
    assert.ok(grown < MEMORY, `the front has grown by ${Math.round(grown / 1e6)} MB`);
    assert.equal((await hostile.server.stop()).code, 0);
  });
});

/** What the client of a lie gets; undefined where the connection ends before an answer. */
async function told(port: number, app: string, lie: string): Promise<Answer | undefined> {
  try {
    return await ask(port, get(`/${app}/lie?${lie}`));
  } catch (error) {
    if (error instanceof ConnectionEnded) return undefined;
    throw error;
  }
}

function judge(answer: Answer | undefined, outcome: Outcome): void {
  if (outcome === 'any') return;
  if (outcome === 'cut') return assert.ok(answer === undefined || !answer.complete, `${answer?.status} was complete`);
  assert.deepEqual([answer?.status, answer?.complete], [outcome === 'whole' ? 200 : outcome, true]);
  assert.equal(answer === undefined ? undefined : header(answer, 'x-forged'), undefined);
}
