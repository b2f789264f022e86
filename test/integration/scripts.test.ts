/** The commands of the README that do not end by themselves. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { allGone } from '../support/processes.ts';
import { ROOT, RunningServer } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import { ask, get } from '../support/wire.ts';

/** A command as the README writes it. */
function run(command: string, cwd: string): RunningServer {
  const [file = '', ...args] = command.split(' ');
  return new RunningServer([], { command: [file, ...args], cwd });
}

const COMMANDS = [
  { command: 'npm start -- --bind=127.0.0.1:0', cwd: ROOT, needed: needs('npm') },
  {
    command: 'npm run -s stillhouse -- web_app:application --bind=127.0.0.1:0',
    cwd: join(ROOT, 'apps/hello-ts'),
    needed: needs('npm'),
  },
  {
    command: 'npm run -s stillhouse -- web_app:application --bind=127.0.0.1:0',
    cwd: join(ROOT, 'apps/hello'),
    needed: needs('npm', 'python3'),
  },
];

for (const { command, cwd, needed } of COMMANDS) {
  test(`${command} serves in ${cwd.slice(ROOT.length) || 'the checkout'}, and SIGTERM ends it`, needed, async () => {
    await using server = run(command, cwd);
    const port = await server.ready();
    assert.equal((await ask(port, get('/'))).body.toString(), 'Index');
    assert.equal((await ask(port, get('/other'))).body.toString(), 'Hello');
    const pids = server.processes().all.map(({ pid }) => pid);
    const { signal, code } = await server.stop('SIGTERM');
    assert.ok(
      server.records.some(({ msg }) => msg === 'stopped'),
      'the server has stopped in good order',
    );
    await allGone(pids);
    assert.ok(code === 0 || signal === 'SIGTERM', `npm ended with ${code ?? signal}`);
  });
}

test('npm start with an option that is not one gives its exit status to the shell', needs('npm'), async () => {
  await using server = run('npm start -- --bidn=127.0.0.1:0', ROOT);
  const { code, stderr } = await server.ended;
  assert.equal(code, 2);
  assert.match(stderr, /did you mean --bind\?/);
});
