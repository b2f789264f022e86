import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import type { StopAnswer } from '../admin/control.ts';
import { StartError } from '../errors.ts';
import { type ControlClient, isGone } from './control-client.ts';

const STEP_MS = 50;
/** Beyond what the server says itself: a busy machine. */
const MORE_S = 10;

/** Has a server stop, and resolves when it has ended. @throws StartError SERVER_NOT_STOPPED, SERVER_SILENT */
export async function stopServer(client: ControlClient): Promise<void> {
  // A process of another container cannot be seen, while its socket can.
  const isSeen = runs(client.pid);
  const { within } = (await client.order('/stop')) as StopAnswer;
  const deadline = Date.now() + (within + MORE_S) * 1000;
  while (isSeen ? runs(client.pid) : !isGone(await client.ask('GET', '/status'))) {
    if (Date.now() > deadline) throw notStopped(client.pid, within + MORE_S);
    await setTimeout(STEP_MS);
  }
}

/** Whether a process is there and has not ended: one that nobody has waited for is still listed. */
function runs(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // proc(5): the state is the first field behind the command, which may hold anything.
    return stat.charAt(stat.lastIndexOf(')') + 2) !== 'Z';
  } catch {
    return false;
  }
}

function notStopped(pid: number, seconds: number): StartError {
  return new StartError({
    code: 'SERVER_NOT_STOPPED',
    message: `server ${pid} still runs ${seconds} s after it was asked to stop`,
    cure: `see its log; kill -KILL ${pid} ends it and all that it has started`,
  });
}
