import type { StacksAnswer, WorkerStacks } from '../admin/control.ts';
import { escapeControls } from '../observe/readable.ts';
import { type ControlClient, pathOf } from './control-client.ts';

/** Prints where each worker of an app stands. @throws StartError SERVER_SILENT */
export async function printStacks(client: ControlClient, app: string): Promise<void> {
  process.stdout.write(stacksText(app, (await client.order(pathOf(app, 'stacks'))) as StacksAnswer));
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
