/** What is asked, in which order: the same for the same seed. */
import { type Exchange, KINDS, type Kind, makeExchanges, SIZES, type Sizes } from './exchanges.ts';
import { Random } from './random.ts';

/** How often each kind is asked for, relative to the others. */
export type Weights = Readonly<Partial<Record<Kind, number>>>;

export const MIX: Weights = { json: 55, head: 10, echo: 10, upload: 5, chunked: 5, sleep: 7, stream: 5, error: 3 };
/** Requests that are answered at once. */
export const QUICK: Weights = { json: 85, head: 15 };
/** The part of the mix's requests that their clients leave. */
export const LEFT_OF_MIX = 0.05;
const LEAVE_WITHIN_MS = 10;

export interface MixOptions {
  readonly weights: Weights;
  /** From 0 to 1: the part of requests that are left by their clients within 10 ms. */
  readonly left: number;
  readonly seed: number;
  readonly sizes?: Partial<Sizes>;
  /** Each request asks for the end of its connection. */
  readonly closes?: boolean;
}

/** The next request, and after how many milliseconds its client leaves, answered or not; undefined: the client stays. */
export interface Step {
  readonly exchange: Exchange;
  readonly leaveAfterMs: number | undefined;
}

/** An endless sequence of requests. */
export class Mix {
  readonly #random: Random;
  readonly #left: number;
  readonly #exchanges: readonly (readonly Exchange[])[];
  /** The weights of the kinds so far, of each kind. */
  readonly #bounds: readonly number[];
  readonly #total: number;
  readonly #next: number[];

  constructor({ weights, left, seed, sizes, closes = false }: MixOptions) {
    this.#random = new Random(seed);
    this.#left = left;
    const kinds = KINDS.filter((kind) => (weights[kind] ?? 0) > 0);
    if (kinds.length === 0) throw new Error('a mix needs a kind of weight above 0');
    const fields = closes ? ['Connection: close'] : [];
    this.#exchanges = kinds.map((kind) => makeExchanges(kind, { ...SIZES, ...sizes }, fields, this.#random));
    let total = 0;
    this.#bounds = kinds.map((kind) => {
      total += weights[kind] as number;
      return total;
    });
    this.#total = total;
    this.#next = kinds.map(() => 0);
  }

  next(): Step {
    const chosen = this.#random.fraction() * this.#total;
    const kind = this.#bounds.findIndex((bound) => chosen < bound);
    const exchanges = this.#exchanges[kind] as readonly Exchange[];
    const at = this.#next[kind] as number;
    this.#next[kind] = (at + 1) % exchanges.length;
    const leaves = this.#left > 0 && this.#random.fraction() < this.#left;
    return {
      exchange: exchanges[at] as Exchange,
      leaveAfterMs: leaves ? this.#random.below(LEAVE_WITHIN_MS) : undefined,
    };
  }
}
