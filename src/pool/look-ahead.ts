import { performance } from 'node:perf_hooks';
import type { WorkerLink } from './worker-link.ts';

/**
 * Requests that may wait in a worker behind its slots. CPU per request at 1/3/7/15/31 is 47, 40, 34, 31 and 31 µs (DECISIONS.md, "Dispatch").
 */
export const DEPTH = 15;
/** How long a worker may go without freeing a slot, in milliseconds, before what was sent ahead is asked back. */
const PATIENCE_MS = 5;

/**
 * When requests may be sent to a worker that has no free slot: as many as its pace allows (`Pace`), and none while its slots are held for long. Those that
 * wait there by then are asked back.
 */
export class LookAhead {
  readonly #links: ReadonlySet<WorkerLink>;
  readonly #depth: number;
  #timer: NodeJS.Timeout | undefined;

  /** @param depth how many requests may wait in one worker */
  constructor(links: ReadonlySet<WorkerLink>, depth: number) {
    this.#links = links;
    this.#depth = depth;
  }

  /** Requests that may wait in this worker behind its slots. */
  depth(link: WorkerLink): number {
    return link.pace.ahead(this.#depth);
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
