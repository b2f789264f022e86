import type { ScalePlan } from './plan.ts';

/** What an app had to do at one moment, over all fronts. Times in milliseconds. */
export interface Need {
  readonly queued: number;
  /** Requests that workers have. */
  readonly running: number;
  readonly oldestWait: number;
}

/**
 * How many workers an app is to have, by the time that requests wait for one. Pure: needs and times go in, a number comes out.
 *
 * Up: while the first in the queue has waited for longer than `wait`, by as many as the queue would fill, but never to more than twice of what is there, so
 * that a burst does not start a hundred interpreters at once. Not while those of the last step are still starting. Down: by what was not needed even at the
 * busiest moment of the last `idle`; to zero where nothing was asked for in all of it.
 */
export class Scaling {
  readonly #plan: ScalePlan;
  readonly #slots: number;
  #wanted: number;
  /** The most slots that were in use at a time, by halves of `idle`: the one that passes, and the one before. */
  #busiest = 0;
  #before = Number.POSITIVE_INFINITY;
  #halfSince: number | undefined;

  /** @param slots requests that one worker runs at a time */
  constructor(plan: ScalePlan, slots: number, wanted: number = plan.workers) {
    this.#plan = plan;
    this.#slots = slots;
    this.#wanted = plan.most === 0 ? wanted : clamp(wanted, Math.max(1, plan.least), plan.most);
  }

  get wanted(): number {
    return this.#wanted;
  }

  /** As many as somebody says; what waits goes on changing it where the app scales. */
  set(wanted: number): void {
    this.#wanted = this.#plan.most === 0 ? wanted : clamp(wanted, this.#plan.least, this.#plan.most);
    this.#before = Number.POSITIVE_INFINITY;
  }

  /**
   * @param now a time that only goes forward
   * @param starting workers that are on their way
   * @returns how many workers there are to be
   */
  look({ queued, running, oldestWait }: Need, starting: number, now: number): number {
    const { least, most, wait, idle } = this.#plan;
    if (most === 0) return this.#wanted;
    this.#busiest = Math.max(this.#busiest, running + queued);
    if (queued > 0 && this.#wanted === 0) this.#wanted = 1;
    else if (oldestWait > wait && starting === 0) {
      const more = Math.min(Math.ceil(queued / this.#slots), Math.max(1, this.#wanted));
      this.#wanted = clamp(this.#wanted + more, least, most);
    }
    this.#halfSince ??= now;
    if (now - this.#halfSince < idle / 2) return this.#wanted;
    const needed = Math.ceil(Math.max(this.#busiest, this.#before) / this.#slots);
    if (needed < this.#wanted) this.#wanted = clamp(needed, least, most);
    this.#before = this.#busiest;
    this.#busiest = running + queued;
    this.#halfSince = now;
    return this.#wanted;
  }
}

/** The share of one front of so many workers, at least one where there is any. */
export function shareOf(workers: number, place: number, fronts: number): number {
  const share = Math.trunc(workers / fronts) + (place < workers % fronts ? 1 : 0);
  return workers === 0 ? 0 : Math.max(1, share);
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
