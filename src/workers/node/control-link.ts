import { Buffer } from 'node:buffer';
import { Worker } from 'node:worker_threads';
import type { Frame } from '../../pool/frames.ts';

/** The descriptor of the control link (docs/worker-protocol.md). */
export const CONTROL_FD = 4;

const COMPILED = import.meta.url.endsWith('.js');
const THREAD = new URL(`./control-thread.${COMPILED ? 'js' : 'ts'}`, import.meta.url);
/** It holds a few frames. */
const HEAP = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 4 };

/** What the main thread tells the one that holds the link. */
export interface FromMain {
  readonly frame: Uint8Array | undefined;
  /** The process ends after it. */
  readonly last: boolean;
}

/** The main thread's view of the control link, which a thread of its own holds. */
export class ControlLink {
  readonly #thread = new Worker(THREAD, { name: 'stillhouse-control', resourceLimits: HEAP, execArgv: [], argv: [] });

  /** @param take what comes, but for STACKS, which the thread answers */
  listen(take: (frame: Frame) => void): void {
    this.#thread.on('message', (frame: Frame | 'written') => {
      if (frame !== 'written') take({ ...frame, body: Buffer.from(frame.body) });
    });
    this.#thread.on('error', (error) => {
      throw error;
    });
  }

  send(frame: Buffer): void {
    this.#post({ frame: Uint8Array.from(frame), last: false });
  }

  /** Sends a frame after which the process ends. */
  sendLast(frame: Buffer, written: () => void): void {
    this.#thread.on('message', (message) => {
      if (message === 'written') written();
    });
    this.#post({ frame: Uint8Array.from(frame), last: true });
  }

  /** The process ends: that the front closes the link is no longer its death. */
  end(): void {
    this.#post({ frame: undefined, last: true });
  }

  #post(message: FromMain): void {
    this.#thread.postMessage(message);
  }
}
