/** Servers of one process: prefork.py gives each a second one on the same port. */
import { join } from 'node:path';
import { type EnvironmentName, isMade, lacksEnvironment, pythonOf } from '../environments.ts';
import { ROOT } from '../root.ts';
import { type Contender, PROCESSES } from './contender.ts';
import { lacksModule, lacksProgram, PYTHON } from './needs.ts';

export const LIBRARIES: readonly Contender[] = [
  contender('waitress', 'one socket, 4 threads each (its default)'),
  contender('cheroot', 'one socket, 10 threads each (its default)'),
  contender('bjoern', 'one socket, HTTP and the application in one thread each'),
  contender('fastpysgi', 'one port (SO_REUSEPORT), HTTP and the application in one thread each'),
];

function contender(name: 'waitress' | 'cheroot' | 'bjoern' | 'fastpysgi', how: string): Contender {
  return {
    name,
    setup: `${PROCESSES} processes on ${how}`,
    language: 'python',
    environment: name,
    absent: () => lacks(name),
    commands: ({ app, port }) => {
      const { folder, module } = app.python as { folder: string; module: string };
      const args = [name, port, PROCESSES, join(ROOT, folder), module].map(String);
      return [{ file: pythonOf(name), args: [join(ROOT, 'test/bench/contenders/prefork.py'), ...args] }];
    },
  };
}

function lacks(name: EnvironmentName): string | undefined {
  if (isMade(name)) return undefined;
  const isDebians = (lacksProgram(PYTHON) ?? lacksModule(name)) === undefined;
  return isDebians ? undefined : lacksEnvironment(name);
}
