/**
 * The thread that holds a worker's control link, so that the front is answered, and its death seen, while the application holds the event loop. It hands
 * the main thread what that has to do.
 */
import { Socket } from 'node:net';
import { type MessagePort, parentPort } from 'node:worker_threads';
import { encodeFrame, FLAG, FRAME_LIMIT, type Frame, FrameReader, TYPE } from '../../pool/frames.ts';
import { CONTROL_FD, type FromMain } from './control-link.ts';
import { mainStacks } from './main-stacks.ts';

const OWN = new URL('../..', import.meta.url).href;

const main = parentPort as MessagePort;
const link = new Socket({ fd: CONTROL_FD, readable: true, writable: true });
const reader = new FrameReader(FRAME_LIMIT.worker);
let stopping = false;
let telling: Promise<void> = Promise.resolve();

link.on('data', (bytes: Buffer) => {
  reader.receive(bytes);
  for (let frame = reader.next(); frame !== undefined; frame = reader.next()) take(frame);
});
// The front is dead: nothing that this worker does can reach anyone. (Not by `close`: that comes too when this process ends by itself.)
for (const event of ['end', 'error']) {
  link.on(event, () => {
    if (!stopping) killGroup();
  });
}

main.on('message', ({ frame, last }: FromMain) => {
  if (last) stopping = true;
  if (frame === undefined) return;
  link.write(frame, () => {
    if (last) main.postMessage('written');
  });
});

function take(frame: Frame): void {
  if (frame.type === TYPE.STACKS) {
    telling = answerStacks(frame.id);
  } else if (frame.type === TYPE.PING) {
    link.write(encodeFrame(TYPE.PING, frame.id));
  } else if (frame.type === TYPE.CANCEL && (frame.flags & FLAG.INTERRUPT) !== 0) {
    // Who asks for stacks before it interrupts wants to see what is interrupted.
    void telling.then(() => pass(frame));
  } else pass(frame);
}

function pass(frame: Frame): void {
  main.postMessage({ ...frame, body: Uint8Array.from(frame.body) });
}

async function answerStacks(id: number): Promise<void> {
  const body = Buffer.from(await mainStacks(OWN), 'utf8');
  link.write(encodeFrame(TYPE.STACKS, id, { body }));
}

/** A worker leads its own session, so that what it forked dies with it. */
function killGroup(): void {
  process.kill(-process.pid, 'SIGKILL');
}
