import { performance } from 'node:perf_hooks';
import { isatty } from 'node:tty';
import type { Supervisor } from '../supervisor/supervisor.ts';

/** A terminal and npm both send SIGINT for one Ctrl-C: what comes so soon after the first says nothing new. */
const SAME_MS = 300;

type Deed = (supervisor: Supervisor, signal: NodeJS.Signals) => void;

/** What each signal does (docs/signals.md); names and meanings are gunicorn's where it has one. SIGUSR1 does nothing (bin/stillhouse.mjs). */
const DEEDS: Readonly<Partial<Record<NodeJS.Signals, () => Deed>>> = {
  SIGTERM: () => (supervisor, signal) => supervisor.stop(signal),
  SIGINT: stopThenQuit,
  SIGQUIT: () => (supervisor, signal) => supervisor.quit(signal),
  SIGHUP: reloadOrStop,
  SIGTTIN: () => (supervisor, signal) => supervisor.rescale(1, signal),
  SIGTTOU: () => (supervisor, signal) => supervisor.rescale(-1, signal),
};

/** Has a supervisor obey signals, to the end of the process: one that came after it had stopped would take its exit status from it. */
export function obeySignals(supervisor: Supervisor): void {
  for (const [name, make] of Object.entries(DEEDS)) {
    const deed = make();
    process.on(name, () => deed(supervisor, name as NodeJS.Signals));
  }
}

function stopThenQuit(): Deed {
  let first = Number.POSITIVE_INFINITY;
  return (supervisor, signal) => {
    const now = performance.now();
    if (now - first > SAME_MS) return supervisor.quit(`a second ${signal}`);
    if (first === Number.POSITIVE_INFINITY) first = now;
    supervisor.stop(signal);
  };
}

/** A terminal that closes sends SIGHUP too, and is no terminal any more. */
function reloadOrStop(): Deed {
  const terminals = [0, 1, 2].filter((fd) => isatty(fd));
  return (supervisor, signal) => {
    if (terminals.length > 0 && !terminals.some((fd) => isatty(fd)))
      supervisor.stop(`${signal}: its terminal has closed`);
    else supervisor.reload(signal);
  };
}
