#!/usr/bin/env node
// Plain JavaScript that old Nodes can parse, so that a Node that is too old gets a sentence and not a SyntaxError.
import { existsSync } from 'node:fs';
import * as module from 'node:module';
import { join } from 'node:path';

const OLDEST_NODE = 24;

// Node opens its inspector on SIGUSR1, which runs whatever anybody on this machine sends it; a listener of ours takes that place.
process.on('SIGUSR1', () => {});

if (Number.parseInt(process.versions.node, 10) >= OLDEST_NODE) {
  const home = process.env.XDG_CACHE_HOME || (process.env.HOME && join(process.env.HOME, '.cache'));
  // Not Node's own default, a folder in /tmp that any user could have made first, and filled with code of theirs.
  if (home) module.enableCompileCache(join(home, 'stillhouse'));
  const compiled = new URL('../src/bin.js', import.meta.url);
  await import(existsSync(compiled) ? compiled.href : '../src/bin.ts');
} else {
  process.stderr.write(
    `stillhouse: needs Node ${OLDEST_NODE} or newer, and this is ${process.version} at ${process.execPath}.\n` +
      `Why: it stands on the TypeScript support and the socket functions of Node ${OLDEST_NODE}.\n` +
      `What to do: install Node ${OLDEST_NODE} or newer; or, in a checkout of Stillhouse, run it as ` +
      '`npm run -s stillhouse -- ...`, which uses the Node that the project pins.\n',
  );
  process.exitCode = 1;
}
