import { join } from 'node:path';
import { inEnvironment, lacksEnvironment } from '../environments.ts';
import { ROOT } from '../root.ts';
import { type Contender, PROCESSES } from './contender.ts';

/** Its `--blocking-threads` run the application. */
export const GRANIAN: readonly Contender[] = [1, 4, 8, 32].map((threads) => ({
  name: `granian-t${threads}`,
  setup: `granian --interface wsgi --http 1 --no-ws --workers ${PROCESSES} --blocking-threads ${threads}`,
  language: 'python',
  environment: 'granian',
  absent: () => lacksEnvironment('granian'),
  commands: ({ app, port }) => {
    const { folder, module } = app.python as { folder: string; module: string };
    return [
      {
        file: inEnvironment('granian', 'granian'),
        args: [
          '--interface=wsgi',
          '--http=1',
          '--no-ws',
          `--workers=${PROCESSES}`,
          `--blocking-threads=${threads}`,
          '--host=127.0.0.1',
          `--port=${port}`,
          '--log-level=error',
          `--working-dir=${join(ROOT, folder)}`,
          `${module}:application`,
        ],
      },
    ];
  },
}));
