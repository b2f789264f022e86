import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import type { ServerStatus } from '../admin/status.ts';
import { StartError } from '../errors.ts';
import { fold, type Line, line, paint } from './columns.ts';
import { isGone } from './control-client.ts';
import type { FoundServer } from './find-server.ts';
import { LiveScreen } from './live-screen.ts';
import { statusLines } from './status-table.ts';

const REFRESH_MS = 1000;

/** Prints how a server is: as JSON, as a table, or where stdout is a terminal as one that follows it until Ctrl-C. @throws StartError */
export async function showStatus(server: FoundServer, json: boolean, env: NodeJS.ProcessEnv): Promise<void> {
  const { stdout } = process;
  if (json) return print(`${JSON.stringify(server.status, null, 2)}\n`);
  // no-color.org: set and not empty.
  const inColour = stdout.isTTY && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';
  if (stdout.isTTY && env.TERM !== 'dumb') return follow(server, inColour);
  const lines = statusLines(server.status, new Date());
  print(lines.map((each) => `${paint(each, Number.POSITIVE_INFINITY, inColour)}\n`).join(''));
}

async function follow({ client, status }: FoundServer, inColour: boolean): Promise<void> {
  const over = new AbortController();
  const aborted = once(over.signal, 'abort');
  const end = () => over.abort();
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, end);
  // Its terminal may have gone.
  process.stdout.on('error', end);
  try {
    using screen = new LiveScreen(process.stdout);
    let last = status;
    let trouble: string | undefined;
    const draw = () => screen.draw(frame(last, trouble, screen, inColour));
    process.stdout.on('resize', draw);
    using _ = { [Symbol.dispose]: () => process.stdout.off('resize', draw) };
    while (!over.signal.aborted) {
      draw();
      await setTimeout(REFRESH_MS, undefined, { signal: over.signal }).catch(() => undefined);
      if (over.signal.aborted) return;
      const reply = await Promise.race([client.ask('GET', '/status'), aborted]);
      if (Array.isArray(reply)) return;
      if (isGone(reply)) throw ended(client.pid);
      trouble = 'error' in reply ? reply.error.message : undefined;
      if ('body' in reply) last = reply.body as ServerStatus;
    }
  } finally {
    for (const signal of signals) process.off(signal, end);
  }
}

/** What fits onto the screen, and beneath it what to do. */
function frame(
  status: ServerStatus,
  trouble: string | undefined,
  { rows, columns }: LiveScreen,
  inColour: boolean,
): string[] {
  const lines = statusLines(status, new Date()).flatMap((each) => fold(each, columns));
  const room = Math.max(1, rows - 2);
  const shown = lines.length <= room ? lines : lines.slice(0, room - 1);
  const hidden: Line[] = shown === lines ? [] : [line(`… and ${lines.length - shown.length} lines more`, 'soft')];
  const foot = trouble === undefined ? line('Ctrl-C ends this', 'soft') : line(`no answer: ${trouble}`, 'bad');
  return [...shown, ...hidden, [], foot].slice(-rows).map((each) => paint(each, columns, inColour));
}

function ended(pid: number): StartError {
  return new StartError({
    code: 'SERVER_NOT_FOUND',
    message: `server ${pid} has ended`,
    cure: 'its log says why',
  });
}

function print(text: string): void {
  process.stdout.write(text);
}
