import { join } from 'node:path';
import { inEnvironment, isMade } from '../environments.ts';
import { ROOT } from '../root.ts';
import { type Command, type Contender, PROCESSES, type Start } from './contender.ts';
import { lacksProgram } from './needs.ts';

export const GUNICORN: readonly Contender[] = [
  contender('gunicorn-sync', '', []),
  gthread('gunicorn-gthread', 4),
  gthread('gunicorn-gthread-t8', 8),
];

function gthread(name: string, threads: number): Contender {
  const options = ['--worker-class=gthread', `--threads=${threads}`];
  return contender(name, ` --worker-class gthread --threads ${threads}`, options);
}

function contender(name: string, setup: string, options: readonly string[]): Contender {
  return {
    name,
    get setup() {
      return `gunicorn --workers ${PROCESSES}${setup}${isMade('gunicorn') ? ' --http-parser fast (gunicorn_h1c)' : ''}`;
    },
    language: 'python',
    environment: 'gunicorn',
    absent: lacksGunicorn,
    commands: (start) => [gunicorn(start, `127.0.0.1:${start.port}`, start.accessLog, options)],
  };
}

/** Why there is no gunicorn, or nothing. */
export function lacksGunicorn(): string | undefined {
  return isMade('gunicorn') ? undefined : lacksProgram('gunicorn');
}

/** @param bind HOST:PORT, or `unix:PATH` */
export function gunicorn(start: Start, bind: string, accessLog: boolean, options: readonly string[]): Command {
  const { folder, module } = start.app.python as { folder: string; module: string };
  const isOwn = isMade('gunicorn');
  return {
    file: isOwn ? inEnvironment('gunicorn', 'gunicorn') : 'gunicorn',
    args: [
      // Debian's has no such parser.
      ...(isOwn ? ['--http-parser=fast'] : []),
      `--chdir=${join(ROOT, folder)}`,
      `--workers=${PROCESSES}`,
      '--log-level=error',
      `--bind=${bind}`,
      ...(accessLog ? [`--access-logfile=${join(start.scratch, 'access.log')}`] : []),
      ...options,
      `${module}:application`,
    ],
  };
}
