import { performance } from 'node:perf_hooks';
import type { WorkerLink } from './worker-link.ts';

/**
 * Requests that may wait in a worker behind its slots. CPU per request at 1/3/7/15/31 is 47, 40, 34, 31 and 31 µs (DECISIONS.md, "Dispatch").
 */
export const DEPTH = 15;
/** Milliseconds without a freed slot after which the requests sent ahead are asked back. */
const PATIENCE_MS = 5;
/** The same where no other worker would take them: in the front they count as queued, and expire in time. */
const STUCK_MS = 50;

/**
 * Decides how many requests are sent to a worker that has no free slot: as many as its pace allows (`Pace`), and none
 * while it frees no slot. Those that wait there by then are asked back.
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

  /** True where one more request may wait in this worker, which has no free slot. */
  mayWait(link: WorkerLink, now: number): boolean {
    return link.freeSlots > -link.pace.ahead(this.#depth) && link.isPrompt(now - PATIENCE_MS);
  }

  /** Something was sent ahead: looks after it until it has begun. */
  watch(): void {
    this.#timer ??= setInterval(() => this.#look(), PATIENCE_MS);
  }

  #look(): void {
    const now = performance.now();
    let ahead = 0;
    for (const link of this.#links) {
      if (link.freeSlots >= 0) continue;
      ahead++;
      link.askBack(now - (this.#hasBetter(link, now) ? PATIENCE_MS : STUCK_MS));
    }
    if (ahead > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** True where another worker would take what waits in this one. */
  #hasBetter(than: WorkerLink, now: number): boolean {
    for (const link of this.#links) if (link !== than && (link.freeSlots > 0 || this.mayWait(link, now))) return true;
    return false;
  }
}
