import { performance } from 'node:perf_hooks';
import type { WorkerLink } from './worker-link.ts';

/**
 * Requests that may wait in a worker behind its slots. CPU per request at 1/3/7/15/31 is 47, 40, 34, 31 and 31 µs (DECISIONS.md, "Dispatch").
 */
export const DEPTH = 15;
/** How many requests in a row must have been quick before any is sent ahead. */
const QUICK_RUN = 32;
/** How long a request may run, in milliseconds, before those behind it are asked back. */
const PATIENCE_MS = 5;

/**
 * When requests may be sent to a worker that has no free slot: only while the app's recent requests were all quick, and none behind one that has turned out
 * slow. Those that are behind one are asked back.
 */
export class LookAhead {
  readonly #links: ReadonlySet<WorkerLink>;
  readonly #depth: number;
  #quick = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param depth how many requests may wait in one worker */
  constructor(links: ReadonlySet<WorkerLink>, depth: number) {
    this.#links = links;
    this.#depth = depth;
  }

  /** How many may be sent ahead to one worker now. */
  get depth(): number {
    return this.#quick < QUICK_RUN ? 0 : this.#depth;
  }

  /** A request has ended. */
  note(slow: boolean): void {
    this.#quick = slow ? 0 : this.#quick + 1;
  }

  /** Whether one more may wait in this worker. */
  mayWaitFor(link: WorkerLink, now: number): boolean {
    return link.isPrompt(now - PATIENCE_MS);
  }

  /** Something was sent ahead: looks after it until it has begun. */
  watch(): void {
    this.#timer ??= setInterval(() => this.#look(), PATIENCE_MS);
  }

  #look(): void {
    const oldest = performance.now() - PATIENCE_MS;
    let ahead = 0;
    for (const link of this.#links) {
      if (link.freeSlots >= 0) continue;
      ahead++;
      link.askBack(oldest);
    }
    if (ahead > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
