import { join } from 'node:path';
import { ROOT } from '../root.ts';
import { type Command, type Contender, PROCESSES, type Start } from './contender.ts';
import { lacksProgram } from './needs.ts';

export const GUNICORN: readonly Contender[] = [
  contender('gunicorn-sync', `--workers ${PROCESSES}`, []),
  contender('gunicorn-gthread', `--workers ${PROCESSES} --worker-class gthread --threads 4`, [
    '--worker-class=gthread',
    '--threads=4',
  ]),
];

function contender(name: string, setup: string, options: readonly string[]): Contender {
  return {
    name,
    setup,
    language: 'python',
    absent: () => lacksProgram('gunicorn'),
    commands: (start) => [gunicorn(start, `127.0.0.1:${start.port}`, start.accessLog, options)],
  };
}

/** @param bind HOST:PORT, or `unix:PATH` */
export function gunicorn(start: Start, bind: string, accessLog: boolean, options: readonly string[]): Command {
  const { folder, module } = start.app.python as { folder: string; module: string };
  return {
    file: 'gunicorn',
    args: [
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
