/** The front process, started by the supervisor with its IPC channel and the bound sockets (docs/supervisor-protocol.md). */
import type { Socket } from 'node:net';
import { createLog } from '../observe/log.ts';
import { Front } from './front.ts';
import type { FromFront, ToFront } from './protocol.ts';

process.title = 'stillhouse: front';

let front: Front | undefined;

process.on('message', (message: ToFront, handle?: Socket) => {
  if (message.type === 'configure') {
    const log = createLog(message.settings.log, 'front');
    front = new Front(message.settings, log, tell);
    process.on('disconnect', () => {
      // Whatever ended the supervisor: nothing that a worker has forked outlives it.
      front?.killWorkers();
      // Node's own exit would wait for a write that blocks, and set the stdout that the supervisor shares back to blocking.
      void log.close().then(() => process.kill(process.pid, 'SIGKILL'));
    });
  } else {
    front?.receive(message, handle);
  }
});

function tell(message: FromFront): void {
  // A supervisor that has gone is noticed by the end of the channel.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}
