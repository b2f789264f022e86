import type { StacksAnswer, WorkerStacks } from '../admin/control.ts';
import { escapeControls } from '../observe/readable.ts';
import { order } from './control-client.ts';

/**
 * Prints where each worker of an app stands, in the server that runs with this data directory.
 * @param server its process id; undefined: the only one that has the app
 * @throws StartError
 */
export async function printStacks(dataDirectory: string, app: string, server: number | undefined): Promise<void> {
  process.stdout.write(stacksText(app, (await order(dataDirectory, app, 'stacks', server)) as StacksAnswer));
}

/** What is printed. */
export function stacksText(app: string, { state, workers }: StacksAnswer): string {
  if (workers.length === 0) return `${app} is ${state}, and has no worker now\n`;
  return workers.map(ofWorker).join('\n');
}

function ofWorker({ pid, stacks, requests }: WorkerStacks): string {
  const runs = requests.length === 0 ? 'runs nothing' : `runs ${requests.map(escapeControls).join(', ')}`;
  const where = stacks ?? 'no answer: it holds its interpreter (C code) or is stopped';
  const lines = where.trimEnd().split('\n').map(escapeControls);
  return `worker ${pid}, ${runs}\n${lines.map((line) => (line === '' ? '\n' : `  ${line}\n`)).join('')}`;
}
