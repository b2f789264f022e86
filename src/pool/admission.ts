/** What an app allows of its queue. */
export interface AdmissionSettings {
  /** Requests that may wait, whatever the pace. */
  readonly most: number;
  /** How long one may wait, in milliseconds. */
  readonly deadline: number;
}

/** Where no slot has been free for longer than this part of the deadline, it is no burst that passes: the queue stands. */
const BURST = 1 / 2;
/** As part of the deadline: the wait that a request may expect where the queue stands. The wait in a burst is `BURST`. */
const STANDING = 1 / 10;
/** How far back the pace is measured, in milliseconds; further where so many departures for each slot take longer. */
const MEMORY_MS = 2000;
const MEMORY_DEPARTURES = 4;
/** Bounds of Retry-After, in seconds. */
const [SOONEST, LATEST] = [1, 60];

/**
 * How many requests of an app may wait: what its workers, at the pace at which they take requests from the queue, will begin long before the deadline. So a request
 * that would wait in vain is refused when it comes, one that is admitted is served, and the queue never grows with what is offered; and it is never so
 * short that a slot would find it empty. A burst may fill it further than a load that does not end (the idea of "controlled delay": B. Maurer, "Fail at Scale", ACM Queue 2015),
 * because there the wait would be everybody's and serve nobody. Pure: times are the caller's, in milliseconds.
 */
export class Admission {
  readonly #most: number;
  readonly #deadline: number;
  /** When a slot was last free. */
  #free = 0;
  /** When a worker was last given a request. */
  #given = 0;
  /** The time in which `#count` requests left the queue, both forgotten at one rate. An app of which nothing is known is believed to be quick: its first request may have much to load. */
  #time = -MEMORY_MS;
  #count = 0;

  constructor({ most, deadline }: AdmissionSettings) {
    this.#most = most;
    this.#deadline = deadline;
  }

  /** A request came for which a slot was free, or which is the first to wait for a worker that is yet to come. */
  free(now: number): void {
    this.#free = now;
    this.#given = now;
  }

  /** A worker was given one that had waited. @param slots of all workers */
  left(now: number, slots: number): void {
    const time = now - this.#given;
    const memory = Math.max(MEMORY_MS, MEMORY_DEPARTURES * slots * this.#interval(now, slots));
    const kept = Math.exp(-time / memory);
    this.#time = this.#time * kept + time;
    this.#count = this.#count * kept + 1;
    this.#given = now;
  }

  /**
   * How many requests may wait: always one for each slot and one more, so that a slot that is freed finds one (with one slot, requests at random, and three times the load, it would be
   * idle for 8% of the time with one that waits, and is for 2.5% with two: an M/M/1/K queue).
   */
  room(now: number, slots: number): number {
    const stands = now - this.#free > this.#deadline * BURST;
    const wait = this.#deadline * (stands ? STANDING : BURST);
    return Math.min(this.#most, Math.max(slots + 1, Math.floor(wait / this.#interval(now, slots))));
  }

  /**
   * Retry-After in seconds: when those that wait will have been begun, and, where nothing moves, as long again as it has not.
   * @param waiting how many wait
   */
  retryAfter(now: number, slots: number, waiting: number): number {
    const time = waiting === 0 ? 0 : Math.max(waiting * this.#interval(now, slots), now - this.#given);
    return Math.min(LATEST, Math.max(SOONEST, Math.ceil(time / 1000)));
  }

  /**
   * The time between two departures while there is a queue. What has passed since the last one counts, so the pace falls while workers hang. Where less was measured
   * than `MEMORY_DEPARTURES` for each slot, as many are believed in: one slow request does not tell of the next.
   */
  #interval(now: number, slots: number): number {
    return Math.max(0, this.#time + now - this.#given) / Math.max(1, MEMORY_DEPARTURES * slots, this.#count);
  }
}
