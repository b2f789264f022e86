/** When what died is started again. Pure: times go in, delays come out. Milliseconds. */
export interface BackoffSettings {
  /** The delay after the second death in a row; it doubles from there. The first death costs none. */
  readonly first: number;
  readonly most: number;
  /** Who lived so long is forgiven. */
  readonly forgiven: number;
}

export const BACKOFF: BackoffSettings = { first: 100, most: 30_000, forgiven: 10_000 };

/** Counts deaths in a row. */
export class Backoff {
  readonly #settings: BackoffSettings;
  #deaths = 0;

  constructor(settings: BackoffSettings = BACKOFF) {
    this.#settings = settings;
  }

  /** The deaths in a row so far. */
  get deaths(): number {
    return this.#deaths;
  }

  /** How long to wait before the next start. @param lived how long the dead one had lived */
  died(lived: number): number {
    if (lived >= this.#settings.forgiven) this.#deaths = 0;
    this.#deaths++;
    if (this.#deaths === 1) return 0;
    return Math.min(this.#settings.most, this.#settings.first * 2 ** (this.#deaths - 2));
  }
}
