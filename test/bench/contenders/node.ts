/** Node's own server and its frameworks, in the same Node as Stillhouse. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { nodePath } from '../node26.ts';
import { ROOT } from '../root.ts';
import { type Contender, PROCESSES } from './contender.ts';

export const NODE_SERVERS: readonly Contender[] = [
  contender('node-http', 1, 'node:http in one process, a constant answer'),
  contender('node-http-app', PROCESSES, `node:http behind cluster, ${PROCESSES} workers, the application by hand`),
  {
    name: 'node-cluster',
    setup: `node:http behind node:cluster, ${PROCESSES} workers, the application by hand`,
    language: 'node',
    absent: () => undefined,
    commands: ({ app, port }) => [
      {
        file: nodePath(),
        args: [join(ROOT, app.node as string), String(port), String(PROCESSES)],
        env: { NODE_ENV: 'production' },
      },
    ],
  },
  contender('express', PROCESSES, `express behind cluster, ${PROCESSES} workers`),
  contender('fastify', PROCESSES, `fastify behind cluster, ${PROCESSES} workers`),
];

function contender(name: string, processes: number, setup: string): Contender {
  return {
    name,
    setup,
    language: 'javascript',
    absent: () => lacksPackage(name),
    commands: ({ port }) => [
      {
        file: nodePath(),
        args: [join(ROOT, 'test/bench/apps/node-server.mjs'), name, String(port), String(processes)],
        env: { NODE_ENV: 'production' },
      },
    ],
  };
}

function lacksPackage(name: string): string | undefined {
  if (name.startsWith('node-')) return undefined;
  return existsSync(join(ROOT, 'test/bench/node_modules', name)) ? undefined : `${name} is not installed in test/bench`;
}
