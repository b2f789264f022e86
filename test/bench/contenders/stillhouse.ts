import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pythonOf } from '../environments.ts';
import { nodePath } from '../node26.ts';
import { ROOT } from '../root.ts';
import { type Command, type Contender, PROCESSES, type Start } from './contender.ts';
import { lacksProgram, PYTHON } from './needs.ts';

const SETUP = `one front, ${PROCESSES} workers, metrics and request ids on`;

export const STILLHOUSE: readonly Contender[] = [
  python('stillhouse', SETUP, []),
  python('stillhouse-t8', `${SETUP}, --threads=8`, ['--threads=8']),
  python('stillhouse-t32', `${SETUP}, --threads=32`, ['--threads=32']),
  {
    name: 'stillhouse-ts',
    setup: SETUP,
    language: 'typescript',
    absent: () => undefined,
    commands: (start) => [serve(start, join(ROOT, start.app.typescript as string))],
    isFront,
  },
  {
    name: 'stillhouse-apps',
    setup: `one front, several apps with ${PROCESSES} workers each, metrics and request ids on`,
    language: 'several',
    environment: 'stillhouse',
    absent: () => lacksProgram(PYTHON),
    commands: (start) => {
      const { file, names } = start.app.several as { file: string; names: readonly string[] };
      for (const [at, name] of names.entries()) writeApp(join(start.scratch, 'apps', name), file, at === 0);
      const python = `--python=${pythonOf('stillhouse')}`;
      return [command(start, 'serve', `--apps-directory=${join(start.scratch, 'apps')}`, python)];
    },
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

function python(name: string, setup: string, options: readonly string[]): Contender {
  return {
    name,
    setup,
    language: 'python',
    environment: 'stillhouse',
    absent: () => lacksProgram(PYTHON),
    commands: (start) => {
      const { folder, module } = start.app.python as { folder: string; module: string };
      return [serve(start, join(ROOT, folder, `${module}.py`), `--python=${pythonOf('stillhouse')}`, ...options)];
    },
    isFront,
  };
}

function serve(start: Start, file: string, ...options: string[]): Command {
  return command(start, `${file}:application`, ...options);
}

/** An app whose code lies elsewhere. */
function writeApp(folder: string, file: string, isRoot: boolean): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'app.yaml'), `app: ${join(ROOT, file)}:application\n${isRoot ? 'path: /\n' : ''}`);
}

function command({ port, sparePort, accessLog, scratch }: Start, what: string, ...options: string[]): Command {
  return {
    file: nodePath(),
    args: [
      join(ROOT, 'bin/stillhouse.mjs'),
      what,
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
