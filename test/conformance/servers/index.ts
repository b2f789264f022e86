import { join } from 'node:path';
import type { Start } from '../../bench/contenders/index.ts';
import { lacksProgram, PYTHON } from '../../bench/contenders/needs.ts';
import { BIN, ROOT } from '../../support/server.ts';
import { PEERS } from './peers.ts';
import type { Server } from './server.ts';

const APP = join(ROOT, 'test/conformance/apps/conformance_app');
const VERSION = [process.execPath, BIN, '--version'] as const;

const stillhouse = ({ port, scratch }: Start, file: string) => [
  {
    file: process.execPath,
    args: [
      BIN,
      `${file}:application`,
      `--bind=127.0.0.1:${port}`,
      '--workers=1',
      `--data-directory=${join(scratch, 'data')}`,
      `--python=${PYTHON}`,
    ],
  },
];

/** Every server of the grid, in its order. */
export const SERVERS: readonly Server[] = [
  {
    name: 'stillhouse',
    setup: 'a Python application, one worker of one thread',
    language: 'python',
    version: VERSION,
    absent: () => lacksProgram(PYTHON),
    commands: (start) => stillhouse(start, `${APP}.py`),
  },
  {
    name: 'stillhouse-ts',
    setup: 'a TypeScript application, one worker',
    language: 'typescript',
    version: VERSION,
    absent: () => undefined,
    commands: (start) => stillhouse(start, `${APP}.ts`),
  },
  {
    name: 'make-server',
    setup: 'makeServer() of Stillhouse in the process of a TypeScript application',
    language: 'typescript',
    version: VERSION,
    absent: () => undefined,
    commands: ({ port }) => [
      { file: process.execPath, args: [join(ROOT, 'test/support/run-make-server.ts'), `${APP}.ts`, String(port)] },
    ],
  },
  ...PEERS,
];
