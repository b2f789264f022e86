/** The servers that are measured side by side, and how each is started on a port. */
import { spawnSync } from 'node:child_process';
import { BIN, PYTHON, ROOT } from '../support/server.ts';

export interface Contender {
  readonly name: string;
  /** The program that must be on the machine. */
  readonly needs: string;
  command(port: number): readonly [file: string, ...args: string[]];
}

const HELLO = `${ROOT}apps/hello`;
const HELLO_TS = `${ROOT}apps/hello-ts/web_app.ts`;
const PROCESSES = '2';

/** Two application processes each; the access log of none is on but where the name says so. */
export const CONTENDERS: readonly Contender[] = [
  stillhouse('stillhouse, Python', `${HELLO}/web_app.py`, '--no-access-log'),
  stillhouse('stillhouse, Python, access log', `${HELLO}/web_app.py`),
  gunicorn('gunicorn sync', '--worker-class=sync'),
  gunicorn('gunicorn gthread', '--worker-class=gthread', '--threads=4'),
  stillhouse('stillhouse, TypeScript', HELLO_TS, '--no-access-log'),
  {
    name: 'node:http, a constant answer, one process',
    needs: process.execPath,
    command: (port) => [
      process.execPath,
      '-e',
      `require('node:http').createServer((_, r) => r.end('Index')).listen(${port}, '127.0.0.1')`,
    ],
  },
];

/** Whether a contender can run on this machine. */
export function isPresent({ needs }: Contender): boolean {
  return spawnSync(needs, ['--version'], { stdio: 'ignore' }).error === undefined;
}

function stillhouse(name: string, file: string, ...options: string[]): Contender {
  const fixed = [`${file}:application`, `--workers=${PROCESSES}`, `--python=${PYTHON}`, ...options];
  return {
    name,
    needs: process.execPath,
    command: (port) => [process.execPath, BIN, ...fixed, `--bind=127.0.0.1:${port}`],
  };
}

function gunicorn(name: string, ...options: string[]): Contender {
  return {
    name,
    needs: 'gunicorn',
    command: (port) => [
      'gunicorn',
      '--chdir',
      HELLO,
      '--workers',
      PROCESSES,
      '--log-level=error',
      ...options,
      '--bind',
      `127.0.0.1:${port}`,
      'web_app:application',
    ],
  };
}
