/** A Node that is too old gets a sentence, not a SyntaxError. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { BIN } from '../support/server.ts';
import { onPath } from '../support/tools.ts';

const OLDEST = 24;
/** Makes a Node say that it is another. */
const PRETEND = `data:text/javascript,${encodeURIComponent(
  "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.19.0' } });" +
    "Object.defineProperty(process, 'version', { value: 'v20.19.0' });",
)}`;

function versionOf(node: string): string {
  return spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim();
}

function assertRefuses(node: string, version: string, ...flags: string[]): void {
  const { status, stdout, stderr } = spawnSync(node, [...flags, BIN, 'web_app:application'], { encoding: 'utf8' });
  assert.equal(status, 1);
  assert.equal(stdout, '');
  const [what = '', why = '', cure = '', ...more] = stderr.trimEnd().split('\n');
  assert.match(what, /^stillhouse: needs Node 24 or newer, and this is v/);
  assert.ok(what.includes(version) && what.includes(node.split('/').at(-1) as string), what);
  assert.match(why, /^Why: /);
  assert.match(cure, /^What to do: install Node 24 or newer; or, .*npm run -s stillhouse -- /);
  assert.deepEqual(more, []);
}

const old = onPath('node')
  .filter((node) => !node.includes('node_modules'))
  .map((node) => ({ node, version: versionOf(node) }))
  .find(({ version }) => Number.parseInt(version.slice(1), 10) < OLDEST);

test('a Node that says it is version 20 is refused, with its version, its place and the cure', () => {
  assertRefuses(process.execPath, 'v20.19.0', '--import', PRETEND);
});

test('the old Node of this machine is refused, with its version, its place and the cure', {
  skip: old === undefined ? `there is no Node older than ${OLDEST} on the PATH` : false,
}, () => {
  assert.ok(old);
  assertRefuses(old.node, old.version);
});
