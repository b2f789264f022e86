import type { RouteTable } from '../front/protocol.ts';
import type { FrontProcess } from './front-process.ts';

/** The tables of routes that were sent to the fronts, and who has not taken the last one yet. */
export class RouteCommits {
  #last = 0;
  readonly #waiting = new Map<FrontProcess, { readonly number: number; readonly taken: () => void }[]>();

  /**
   * Sends each of these fronts what it serves from now on; resolves when each has taken it, or is gone.
   * @param tableFor what a front serves
   */
  async commit(
    fronts: readonly FrontProcess[],
    tableFor: (front: FrontProcess) => Omit<RouteTable, 'number'>,
  ): Promise<void> {
    const number = ++this.#last;
    const taken = fronts.map((front) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.set(front, [...(this.#waiting.get(front) ?? []), { number, taken: resolve }]);
      front.send({ type: 'commit', table: { ...tableFor(front), number } });
      return promise;
    });
    await Promise.all(taken);
  }

  /** A front serves by the table of this number. */
  taken(front: FrontProcess, number: number): void {
    const waiting = this.#waiting.get(front) ?? [];
    for (const each of waiting) if (each.number <= number) each.taken();
    this.#waiting.set(
      front,
      waiting.filter((each) => each.number > number),
    );
  }

  /** A front has died: nobody waits for it. */
  left(front: FrontProcess): void {
    for (const { taken } of this.#waiting.get(front) ?? []) taken();
    this.#waiting.delete(front);
  }
}
