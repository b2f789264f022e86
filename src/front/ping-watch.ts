import { performance } from 'node:perf_hooks';

/** A look that comes so much later than it was due says that this process stood still, and the worker perhaps with it. */
const LATE = 1.5;

/**
 * Watches whether a worker is there at all: its control thread answers beside an application that runs, sleeps or waits, and not where the process is stopped, or C
 * code holds the interpreter. One unanswered PING, for as long as it may take, is a hung worker.
 */
export class PingWatch {
  readonly #time: number;
  readonly #ping: (id: number) => void;
  readonly #hung: () => void;
  readonly #timer: NodeJS.Timeout | undefined;
  #sent = 0;
  #answered = 0;
  #looked = performance.now();

  /**
   * @param time milliseconds that an answer may take; 0: nobody is asked
   * @param hung it has not answered: called at every look from then on
   */
  constructor(time: number, ping: (id: number) => void, hung: () => void) {
    this.#time = time;
    this.#ping = ping;
    this.#hung = hung;
    if (time === 0) return;
    this.#ask();
    // Not at once: this process may have stood still, and finds its timers before its sockets.
    this.#timer = setInterval(() => setImmediate(() => this.#look()), time);
  }

  answer(id: number): void {
    this.#answered = Math.max(this.#answered, id);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const now = performance.now();
    const stoodStill = now - this.#looked > this.#time * LATE;
    this.#looked = now;
    if (this.#answered === this.#sent) this.#ask();
    else if (!stoodStill) this.#hung();
  }

  #ask(): void {
    this.#ping(++this.#sent);
  }
}
