import { join } from 'node:path';
import { inEnvironment, isMade } from '../environments.ts';
import { ROOT } from '../root.ts';
import { type Command, type Contender, PROCESSES, type Start } from './contender.ts';
import { lacksProgram } from './needs.ts';

const PLUGINS = '/usr/lib/uwsgi/plugins';
const THREADS = 4;

export const UWSGI: readonly Contender[] = [
  {
    name: 'uwsgi-http',
    setup: `uwsgi --http with keep-alive (its own router), --master --processes ${PROCESSES} --threads ${THREADS}`,
    language: 'python',
    environment: 'uwsgi',
    absent: () => lacksUwsgi('http'),
    commands: (start) => [
      uwsgi(start, [
        `--http=127.0.0.1:${start.port}`,
        '--http-keepalive=75',
        '--http-auto-chunked',
        '--http-chunked-input',
        `--threads=${THREADS}`,
      ]),
    ],
  },
];

/** Why there is no uWSGI, or nothing. @param plugins Debian's of these names; the one of PyPI has them in it */
export function lacksUwsgi(...plugins: readonly string[]): string | undefined {
  if (isMade('uwsgi')) return undefined;
  return lacksProgram('uwsgi', ...['python3', ...plugins].map((name) => `${PLUGINS}/${name}_plugin.so`));
}

/** @param options where it listens, and what else is particular */
export function uwsgi({ app }: Start, options: readonly string[]): Command {
  const { folder, module } = app.python as { folder: string; module: string };
  const isOwn = isMade('uwsgi');
  return {
    file: isOwn ? inEnvironment('uwsgi', 'uwsgi') : 'uwsgi',
    args: [
      ...(isOwn ? [] : ['--plugins=python3,http']),
      `--chdir=${join(ROOT, folder)}`,
      `--module=${module}:application`,
      '--listen=1024',
      '--master',
      `--processes=${PROCESSES}`,
      '--single-interpreter',
      '--need-app',
      '--die-on-term',
      '--thunder-lock',
      '--disable-logging',
      ...options,
    ],
  };
}
