/** Inputs without end: made by grammar, and made by changing what went a new way before. */
import { CASES } from '../unit/http/cases/all.ts';
import { generate } from './generate.ts';
import { mutate } from './mutate.ts';
import type { Random } from './random.ts';

/** Inputs that are kept to be changed. */
const MOST_KEPT = 4000;
/** Cases of limits repeat one byte for long. */
const MOST_BYTES = 2000;

export class Inputs {
  readonly #random: Random;
  readonly #kept: string[] = CASES.map(([, , bytes]) => bytes).filter((bytes) => bytes.length < MOST_BYTES);
  readonly #shapes = new Set<string>();

  constructor(random: Random) {
    this.#random = random;
  }

  next(): string {
    const random = this.#random;
    const source = random.below(4);
    if (source === 0) return generate(random);
    if (source === 1) return mutate(generate(random), random, random.pick(this.#kept));
    return mutate(random.pick(this.#kept), random, source === 2 ? generate(random) : random.pick(this.#kept));
  }

  /** Keeps an input whose shape is new. */
  learn(text: string, shape: string): void {
    if (this.#shapes.has(shape)) return;
    this.#shapes.add(shape);
    if (this.#kept.length < MOST_KEPT) this.#kept.push(text);
    else this.#kept[this.#random.below(MOST_KEPT)] = text;
  }

  /** How many ways inputs went. */
  get shapes(): number {
    return this.#shapes.size;
  }
}
