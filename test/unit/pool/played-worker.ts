/** A link over two in-memory streams: the worker's side is played by the test. */
import type { Socket } from 'node:net';
import { type Duplex, duplexPair } from 'node:stream';
import { encodeFrame, type Frame, FrameReader, type FrameType, TYPE } from '../../../src/pool/frames.ts';
import type { Progress } from '../../../src/pool/progress.ts';
import type { Start } from '../../../src/pool/start.ts';
import { type LinkSockets, WorkerLink } from '../../../src/pool/worker-link.ts';
import { WorkerRequest } from '../../../src/pool/worker-request.ts';
import { environ } from '../wsgi/fake.ts';

export const START: Start = {
  version: 1,
  app: 'a',
  directory: '/',
  module: 'a',
  file: null,
  callable: null,
  threads: 2,
  multiprocess: false,
  window: 1000,
  streaming: true,
  debug: false,
  lint: false,
  packages: null,
};

/** Both ends of both links. */
export function linkPair(): { front: LinkSockets; frontData: Duplex; data: Duplex; control: Duplex } {
  const [frontData, data] = duplexPair();
  const [frontControl, control] = duplexPair();
  const front = { data: frontData as unknown as Socket, control: frontControl as unknown as Socket };
  return { front, frontData, data, control };
}

/** A progress file in the test's hands. */
export class PlayedProgress implements Progress {
  /** The highest id that was begun. */
  last = 0;
  /** Bytes of the data link that were held when the worker died, and how many had been sent before. */
  held: Buffer = Buffer.alloc(0);
  position = 0;
  closed = false;

  begun(): number {
    return this.last;
  }

  unsent(received: number): Buffer {
    return this.held.subarray(received - this.position);
  }

  close(): void {
    this.closed = true;
  }
}

export class PlayedWorker {
  readonly link: WorkerLink;
  readonly broken: string[] = [];
  readonly controls: Frame[] = [];
  /** The free slots, each time that one was freed. */
  readonly frees: number[] = [];
  readonly progress = new PlayedProgress();
  readonly returned: WorkerRequest[][] = [];
  /** What was told to be late, each time; it was asked for its stacks then. */
  readonly lates: WorkerRequest[][] = [];
  /** How often something came on the data link: as often as the worker would have been woken. */
  writes = 0;
  readonly frontData: Duplex;
  readonly data: Duplex;
  readonly control: Duplex;
  readonly #readers = new Map<Duplex, FrameReader>();

  constructor(threads = START.threads, debug = false) {
    const { front, frontData, data, control } = linkPair();
    this.frontData = frontData;
    this.data = data;
    this.control = control;
    this.link = new WorkerLink(
      front,
      { ...START, threads, debug },
      { progress: this.progress, bodies: undefined },
      {
        control: (frame) => void this.controls.push(frame),
        late: (requests) => {
          this.lates.push([...requests]);
          this.link.askStacks(this.lates.length);
        },
        freed: () => void this.frees.push(this.link.freeSlots),
        returned: (requests) => void this.returned.push(requests),
        broken: (reason) => void this.broken.push(reason),
      },
    );
    for (const stream of [data, control]) {
      const reader = new FrameReader(1 << 20);
      this.#readers.set(stream, reader);
      stream.on('data', (bytes: Buffer) => {
        if (stream === data) this.writes++;
        reader.receive(bytes);
      });
    }
  }

  /** Sends a request, which is begun at the time `now` where a slot is free. */
  run(path = '/', now = 1, gone = () => false): WorkerRequest {
    const request = new WorkerRequest(environ({ path }, '', { gone }), () => async () => undefined, START.window, now);
    this.link.send(request, now);
    return request;
  }

  async say(
    type: FrameType,
    id: number,
    given: Parameters<typeof encodeFrame>[2] = {},
    stream = this.data,
  ): Promise<void> {
    stream.write(encodeFrame(type, id, given));
    await new Promise(setImmediate);
  }

  /** Gives these requests back. */
  giveBack(...ids: number[]): Promise<void> {
    const body = Buffer.alloc(4 * ids.length);
    ids.forEach((id, at) => void body.writeUInt32LE(id, 4 * at));
    return this.say(TYPE.RETURNED, 0, { body }, this.control);
  }

  /** The frames that came to the worker since the last call. */
  async heard(stream: Duplex): Promise<Frame[]> {
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    const frames: Frame[] = [];
    const reader = this.#readers.get(stream) as FrameReader;
    for (let frame = reader.next(); frame !== undefined; frame = reader.next()) frames.push(frame);
    return frames;
  }
}
