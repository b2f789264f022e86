import { performance } from 'node:perf_hooks';
import type { FrontStatus, ServerStatus } from '../admin/status.ts';
import type { FromFront } from '../front/protocol.ts';
import { Backoff } from './backoff.ts';
import type { FrontProcess } from './front-process.ts';
import type { Ending } from './spawn.ts';

const LOOK_MS = 1000;
/** A look that comes so much later than it was due says that this process stood still, and the fronts perhaps with it. */
const LATE = 3;

export interface FrontsEvents {
  /** A new front waits to be told what it serves. */
  joined(front: FrontProcess): void;
  /** @param delay milliseconds until the next one of its place is started */
  left(front: FrontProcess, ending: Ending, delay: number): void;
  message(front: FrontProcess, message: FromFront): void;
}

/** All fronts: each has a place, and one that dies or tells nothing any more is replaced by another of its place. */
export class Fronts {
  readonly #count: number;
  readonly #silence: number;
  readonly #make: (place: number, receive: (message: FromFront) => void) => FrontProcess;
  readonly #events: FrontsEvents;
  readonly #places = new Map<number, FrontProcess>();
  readonly #deaths: readonly Backoff[];
  readonly #deathsEver: number[];
  readonly #restarts = new Set<NodeJS.Timeout>();
  readonly #looks: NodeJS.Timeout;
  #looked = performance.now();
  #over = false;

  /** @param silence milliseconds that a front may tell nothing; 0: without end */
  constructor(
    count: number,
    silence: number,
    make: (place: number, receive: (message: FromFront) => void) => FrontProcess,
    events: FrontsEvents,
  ) {
    this.#count = count;
    this.#silence = silence;
    this.#make = make;
    this.#events = events;
    this.#deaths = Array.from({ length: count }, () => new Backoff());
    this.#deathsEver = new Array<number>(count).fill(0);
    this.#looks = setInterval(() => this.#look(), LOOK_MS).unref();
  }

  /** The one of each place, those that have just died too. */
  get all(): readonly FrontProcess[] {
    return [...this.#places.values()];
  }

  get alive(): readonly FrontProcess[] {
    return this.all.filter(({ alive }) => alive);
  }

  status(server: ServerStatus['state']): FrontStatus[] {
    return this.all.map(({ place, pid, alive, listens, age }) => ({
      pid,
      alive,
      state: !alive ? 'dead' : server === 'stopping' ? 'draining' : listens ? 'serving' : 'starting',
      age: Math.round(age / 1000),
      deaths: this.#deathsEver[place] as number,
    }));
  }

  start(): void {
    for (let place = 0; place < this.#count; place++) this.#start(place);
  }

  /** Has every front answer what it has and take no more; nobody is replaced from now on. */
  async drain(): Promise<void> {
    this.#finish();
    await Promise.all(this.all.map((front) => front.drain()));
  }

  /** Lets all fronts write their last records and end. @param patience whether a promise is fulfilled in time */
  async end(patience: (done: Promise<unknown>) => Promise<boolean>): Promise<void> {
    this.#finish();
    await Promise.all(
      this.all.map(async (front) => {
        front.disconnect();
        if (!(await patience(front.ended))) front.kill();
        await front.ended;
      }),
    );
  }

  #finish(): void {
    this.#over = true;
    clearInterval(this.#looks);
    for (const timer of this.#restarts) clearTimeout(timer);
  }

  #start(place: number): void {
    const front = this.#make(place, (message) => this.#events.message(front, message));
    this.#places.set(place, front);
    this.#events.joined(front);
    void front.ended.then((ending) => this.#ended(front, ending));
  }

  #ended(front: FrontProcess, ending: Ending): void {
    const { place } = front;
    this.#deathsEver[place] = (this.#deathsEver[place] as number) + 1;
    const delay = this.#over ? 0 : (this.#deaths[place] as Backoff).died(front.age);
    this.#events.left(front, ending, delay);
    if (this.#over) return;
    const timer = setTimeout(() => {
      this.#restarts.delete(timer);
      this.#start(place);
    }, delay);
    this.#restarts.add(timer);
  }

  #look(): void {
    const now = performance.now();
    const stoodStill = now - this.#looked > LATE * LOOK_MS;
    this.#looked = now;
    for (const front of this.alive) {
      // Before it listens its start takes what it takes: what waits for it is in the backlog.
      if (stoodStill || !front.listens) front.heard = now;
      else if (this.#silence > 0 && now - front.heard > this.#silence) {
        front.kill(`it told nothing for ${this.#silence / 1000} s`);
      }
    }
  }
}
