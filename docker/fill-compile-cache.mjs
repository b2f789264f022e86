// Loads every module of the server once but for the programs, which would run, and leaves V8's code of them in
// $NODE_COMPILE_CACHE: a start then compiles nothing.
import { readdirSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { basename, join } from 'node:path';

const PROGRAMS = ['bin.js', 'main.js', 'control-thread.js'];
const source = '/opt/stillhouse/src';

const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.js'))
  .filter((file) => !PROGRAMS.includes(basename(file)) || file === join('cli', 'main.js'));
for (const file of files) await import(join(source, file));
flushCompileCache();
