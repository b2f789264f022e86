/** Requests that were sent ahead to a busy worker never wait for a slow one, are never lost and never run twice (DESIGN.md, section 5). */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DEPTH } from '../../src/pool/look-ahead.ts';
import { Barrier } from '../support/barrier.ts';
import { Folder } from '../support/folder.ts';
import { ROOT, serve } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import { until } from '../support/until.ts';
import { get, Wire } from '../support/wire.ts';

const FOLDER = join(ROOT, 'test/fixtures/look-ahead');
const CLIENTS = 12;
const KINDS = [
  { language: 'Python', file: 'app.py', threads: 1, needed: needs('python3', 'mkfifo') },
  { language: 'Python', file: 'app.py', threads: 2, needed: needs('python3', 'mkfifo') },
  { language: 'TypeScript', file: 'app.ts', threads: 1, needed: needs('mkfifo') },
] as const;

/** Requests of the app, and what it wrote down of them. */
class Traffic extends Folder {
  readonly port: number;
  readonly statuses = new Map<string, number>();
  /** The most requests that ran at a time in one worker. */
  most = 0;
  readonly #log: string;
  #count = 0;

  constructor(port: number) {
    super();
    this.port = port;
    this.#log = join(this.path, 'begun');
  }

  /** So many clients, each with so many requests, one after the other. Resolves with how many of the clients are not through yet. */
  run(requests: number, clients = CLIENTS): { left: number; done: Promise<unknown> } {
    const state = { left: clients, done: Promise.resolve() as Promise<unknown> };
    const each = async () => {
      using wire = await Wire.open(this.port);
      for (let sent = 0; sent < requests; sent++) await this.ask(wire, 'quick');
      state.left--;
    };
    state.done = Promise.all(Array.from({ length: clients }, each));
    return state;
  }

  async ask(wire: Wire, name: string, ...fifo: string[]): Promise<number> {
    const id = `${name}-${++this.#count}`;
    wire.send(get(`/?${[this.#log, id, ...fifo].join('&')}`));
    const { status, body, complete } = await wire.answer();
    assert.ok(complete);
    const [echo, most] = body.toString().split(' ');
    if (status === 200) {
      assert.equal(echo, id);
      this.most = Math.max(this.most, Number(most));
    }
    this.statuses.set(id, status);
    return status;
  }

  /** The app's record: which requests have begun, and in which process. */
  begun(): { id: string; pid: number }[] {
    const lines = readFileSync(this.#log, 'utf8').trimEnd().split('\n');
    return lines.map((line) => ({ id: line.split(' ')[0] as string, pid: Number(line.split(' ')[1]) }));
  }

  /** Checks that no request ran twice, and that those which were answered 200 ran. @returns the others */
  lost(): string[] {
    const begun = this.begun().map(({ id }) => id);
    assert.equal(new Set(begun).size, begun.length, 'a request ran twice');
    const answered = [...this.statuses].filter(([, status]) => status === 200);
    for (const [id] of answered) assert.ok(begun.includes(id), `${id} was answered and did not run`);
    const others = [...this.statuses].filter(([, status]) => status !== 200);
    for (const [id, status] of others) assert.equal(status, 502, `${id} got ${status}`);
    return others.map(([id]) => id);
  }
}

for (const { language, file, threads, needed } of KINDS) {
  const kind = `${language}, threads: ${threads}`;
  const start = () => serve(join(FOLDER, file), ['--workers=2', `--threads=${threads}`]);

  test(`no request waits for a slow one while it could run elsewhere (${kind})`, needed, async () => {
    await using server = await start();
    using traffic = new Traffic(server.port);
    using barrier = new Barrier();
    using held = await Wire.open(server.port);
    await traffic.run(20).done;
    // Among others, so that some may be behind it when it begins.
    const quick = traffic.run(50);
    const slow = traffic.ask(held, 'slow', barrier.path);
    await barrier.reached();
    await quick.done;
    await traffic.run(20).done;
    assert.ok(![...traffic.statuses.keys()].some((id) => id.startsWith('slow')), 'it still waits');
    barrier.open();
    assert.equal(await slow, 200);
    assert.deepEqual(traffic.lost(), []);
  });

  test(
    `a worker killed in a slow request takes what its slots ran, and nothing behind it (${kind})`,
    needed,
    async () => {
      await using server = await start();
      using traffic = new Traffic(server.port);
      using barrier = new Barrier();
      using held = await Wire.open(server.port);
      await traffic.run(20).done;
      const quick = traffic.run(50);
      const slow = traffic.ask(held, 'slow', barrier.path);
      await barrier.reached();
      const { pid } = traffic.begun().find(({ id }) => id.startsWith('slow')) ?? assert.fail('it has begun');
      process.kill(pid, 'SIGKILL');
      assert.equal(await slow, 502);
      await quick.done;
      const lost = traffic.lost();
      assert.ok(lost.length <= threads, `lost: ${lost}`);
    },
  );

  test(`a worker that stands still and is killed loses only what it had begun (${kind})`, needed, async (t) => {
    await using server = await start();
    using traffic = new Traffic(server.port);
    for (let round = 0; round < 5; round++) {
      await until(() => server.processes().workers.length === 2, 'both workers');
      await traffic.run(20).done;
      const before = traffic.lost().length;
      const held = threads + DEPTH;
      const quick = traffic.run(20, 3 * held);
      const victim = server.processes().workers[0]?.pid as number;
      // It cannot answer, not even that it gives back what it has not begun.
      process.kill(victim, 'SIGSTOP');
      await until(() => quick.left <= held, 'the end of all others');
      t.diagnostic(`${quick.left} requests stood still`);
      process.kill(victim, 'SIGKILL');
      await quick.done;
      const lost = traffic.lost().length - before;
      assert.ok(lost <= threads, `${lost} of its requests were lost`);
    }
  });

  test(`a worker has no more requests in the application than it has slots (${kind})`, needed, async () => {
    await using server = await start();
    using traffic = new Traffic(server.port);
    await traffic.run(50).done;
    await traffic.run(50, 4 * CLIENTS).done;
    assert.deepEqual(traffic.lost(), []);
    assert.ok(traffic.most <= threads, `${traffic.most} at a time`);
    assert.ok(
      server.records.every(({ level }) => level !== 'error'),
      JSON.stringify(server.records),
    );
  });
}

test(
  'a TypeScript worker whose event loop is held gets no request while another is idle',
  KINDS[2].needed,
  async () => {
    await using server = await serve(join(FOLDER, 'app.ts'), ['--workers=2']);
    using traffic = new Traffic(server.port);
    using barrier = new Barrier();
    using held = await Wire.open(server.port);
    await traffic.run(100, 1).done;
    const slow = traffic.ask(held, 'blocks', barrier.path);
    await barrier.reached();
    await traffic.run(100, 1).done;
    assert.ok(![...traffic.statuses.keys()].some((id) => id.startsWith('blocks')), 'the loop is still held');
    barrier.open();
    assert.equal(await slow, 200);
    assert.deepEqual(traffic.lost(), []);
  },
);
