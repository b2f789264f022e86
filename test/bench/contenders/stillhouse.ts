import { join } from 'node:path';
import { nodePath } from '../node26.ts';
import { ROOT } from '../root.ts';
import { type Command, type Contender, PROCESSES, type Start } from './contender.ts';
import { lacksProgram, PYTHON } from './needs.ts';

const SETUP = `one front, ${PROCESSES} workers, metrics and request ids on`;

export const STILLHOUSE: readonly Contender[] = [
  {
    name: 'stillhouse',
    setup: SETUP,
    language: 'python',
    absent: () => lacksProgram(PYTHON),
    commands: (start) => {
      const { folder, module } = start.app.python as { folder: string; module: string };
      return [serve(start, join(ROOT, folder, `${module}.py`), `--python=${PYTHON}`)];
    },
    isFront,
  },
  {
    name: 'stillhouse-ts',
    setup: SETUP,
    language: 'typescript',
    absent: () => undefined,
    commands: (start) => [serve(start, join(ROOT, start.app.typescript as string))],
    isFront,
  },
  {
    name: 'make-server',
    setup: 'makeServer() of Stillhouse in the process of the application, one process',
    language: 'typescript',
    absent: () => undefined,
    commands: ({ app, port }) => [
      {
        file: nodePath(),
        args: [join(ROOT, 'test/bench/apps/make-server.ts'), join(ROOT, app.typescript as string), String(port)],
        env: { NODE_ENV: 'production' },
      },
    ],
  },
];

function serve({ port, sparePort, accessLog, scratch }: Start, file: string, ...options: string[]): Command {
  return {
    file: nodePath(),
    args: [
      join(ROOT, 'bin/stillhouse.mjs'),
      `${file}:application`,
      `--workers=${PROCESSES}`,
      `--bind=127.0.0.1:${port}`,
      // With it the metrics are not only counted but collected too, as in production.
      `--admin-bind=127.0.0.1:${sparePort}`,
      `--data-directory=${join(scratch, 'data')}`,
      '--limit-request-body=2GiB',
      accessLog ? '--access-log' : '--no-access-log',
      ...options,
    ],
  };
}

function isFront(command: string): boolean {
  return command.startsWith('stillhouse: front');
}
