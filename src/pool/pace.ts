/** Requests over which the share of slow ones is taken: an older one counts for less. */
const MEMORY = 16;
/** A worker that is slow more often than this gets no request ahead of a free slot. */
const MOST_SLOW = 1 / 2;

/**
 * The share of slow requests of a worker lately (docs/worker-protocol.md, flag `SLOW`), and what follows from it. One slow
 * request in ten is ordinary.
 */
export class Pace {
  /** A worker of which nothing is known is not believed to be quick. */
  #slowShare = 1;

  /** A request has ended. @param slow it held its slot for more than a millisecond, by the worker's clock */
  note(slow: boolean): void {
    this.#slowShare += ((slow ? 1 : 0) - this.#slowShare) / MEMORY;
  }

  /** Requests that may wait in the worker behind its slots: as many as are likely to be quick in a row. */
  ahead(most: number): number {
    return this.#slowShare > MOST_SLOW ? 0 : Math.min(most, Math.floor(1 / this.#slowShare));
  }
}
