/** What a server holds in memory because it was loaded: modules of other commands, and of what it may never do, are not among it. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../../support/server.ts';

/** Prints the URL of each module that is loaded with those named. */
const PROGRAM = `
import { registerHooks } from 'node:module';
const urls = [];
registerHooks({
  load(url, context, next) {
    urls.push(url);
    return next(url, context);
  },
});
for (const path of process.argv.slice(1)) await import(path);
console.log(JSON.stringify(urls));
`;

function loadedWith(...files: string[]): string[] {
  const paths = files.map((file) => join(ROOT, file));
  const args = ['--input-type=module', '--eval', PROGRAM, ...paths];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as string[];
}

test('a server loads no other command, no HTTP of Node’s, and no parser or exporter before it needs one', () => {
  const urls = loadedWith('src/cli/main.ts', 'src/cli/serve.ts');
  assert(urls.some((url) => url.endsWith('src/supervisor/supervisor.ts')));
  const unwanted =
    /node:(https?|http2|tls|cluster|zlib)$|\/(yaml|prom-client)\/|src\/cli\/(help|check|healthcheck|control-)/;
  assert.deepEqual(
    urls.filter((url) => unwanted.test(url)),
    [],
  );
});

test('a front loads none of them either', () => {
  const urls = loadedWith('src/front/main.ts');
  assert(urls.some((url) => url.endsWith('src/front/front.ts')));
  const unwanted = /node:(https?|http2|tls|cluster|zlib)$|\/(yaml|prom-client|dotenv)\/|src\/(cli|supervisor|apps)\//;
  assert.deepEqual(
    urls.filter((url) => unwanted.test(url)),
    [],
  );
});
