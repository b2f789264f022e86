import { performance } from 'node:perf_hooks';

/** Time for one server: monotonic milliseconds for deadlines, and the date of responses, made once a second. */
export class Clock {
  #second = Number.NaN;
  #date = '';

  /** Milliseconds that only go forward, so that a clock that is set moves no deadline. */
  now(): number {
    return performance.now();
  }

  /** Now as an IMF-fixdate (RFC 9110, 5.6.7). */
  date(): string {
    const time = Date.now();
    const second = Math.trunc(time / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#date = new Date(time).toUTCString();
    }
    return this.#date;
  }
}
