/** Servers of one process with threads: prefork.py gives them a second one on the same socket. */
import { join } from 'node:path';
import { ROOT } from '../root.ts';
import { type Contender, PROCESSES } from './contender.ts';
import { lacksModule, lacksProgram, PYTHON } from './needs.ts';

export const THREADED: readonly Contender[] = [contender('waitress', 4), contender('cheroot', 10)];

function contender(name: string, threads: number): Contender {
  return {
    name,
    setup: `${PROCESSES} processes on one socket, ${threads} threads each (its default)`,
    language: 'python',
    absent: () => lacksProgram(PYTHON) ?? lacksModule(name),
    commands: ({ app, port }) => {
      const { folder, module } = app.python as { folder: string; module: string };
      const args = [name, port, PROCESSES, join(ROOT, folder), module].map(String);
      return [{ file: PYTHON, args: [join(ROOT, 'test/bench/contenders/prefork.py'), ...args] }];
    },
  };
}
