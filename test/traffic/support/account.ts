/** What became of the requests of a traffic client. */
import { KINDS, type Kind } from './exchanges.ts';

/** How a request was lost: it got no whole answer, and its client had not left. */
export const LOSSES = ['cut', 'reset', 'closed', 'refused', 'silent'] as const;
/**
 * `cut`: the connection ended in mid-answer. `reset`, `closed`: it ended so before any byte of an answer. `refused`: there was
 * no connection. `silent`: nothing ended within the client's patience.
 */
export type Loss = (typeof LOSSES)[number];

/** The descriptions that are kept; all wrong answers are counted. */
const MAX_DESCRIPTIONS = 10;

export interface KindReport {
  readonly right: number;
  readonly p50: number;
  readonly p99: number;
}

/** An account as the command line prints it. Times are in milliseconds. */
export interface TrafficReport {
  readonly seconds: number;
  /** Answered right, or left by their clients, while requests were sent. */
  readonly requestsPerSecond: number;
  readonly sent: number;
  readonly right: number;
  readonly left: number;
  readonly wrong: number;
  readonly unasked: number;
  /** The first few wrong or lost requests. */
  readonly problems: readonly string[];
  readonly lost: Readonly<Record<Loss, number>>;
  /** Connections that were opened. */
  readonly connections: number;
  readonly p50: number;
  readonly p99: number;
  readonly kinds: Readonly<Partial<Record<Kind, KindReport>>>;
}

/** Every request that has ended is right, wrong, lost or left. */
export class TrafficAccount {
  sent = 0;
  wrong = 0;
  /** Left by their clients before an answer was whole. */
  left = 0;
  connections = 0;
  /** Answers, or other bytes, that no request has asked for. */
  unasked = 0;
  readonly lost: Record<Loss, number> = { cut: 0, reset: 0, closed: 0, refused: 0, silent: 0 };
  readonly problems: string[] = [];
  /** Milliseconds from request to whole answer, of right answers. */
  readonly #times: Readonly<Record<Kind, number[]>> = Object.fromEntries(
    KINDS.map((kind) => [kind, [] as number[]]),
  ) as Record<Kind, number[]>;
  #right = 0;

  get right(): number {
    return this.#right;
  }

  get losses(): number {
    return LOSSES.reduce((sum, loss) => sum + this.lost[loss], 0);
  }

  get ended(): number {
    return this.#right + this.wrong + this.left + this.losses;
  }

  addRight(kind: Kind, ms: number): void {
    this.#right++;
    this.#times[kind].push(ms);
  }

  addWrong(description: string): void {
    this.wrong++;
    this.#describe(description);
  }

  addLost(loss: Loss, description: string): void {
    this.lost[loss]++;
    this.#describe(description);
  }

  addUnasked(description: string): void {
    this.unasked++;
    this.#describe(`to no request: ${description}`);
  }

  /** Right answers of a kind. */
  rightOf(kind: Kind): number {
    return this.#times[kind].length;
  }

  /** @param window how many requests were right or left, and in how many seconds, while requests were sent */
  report({ done, seconds }: { readonly done: number; readonly seconds: number }): TrafficReport {
    const seen = KINDS.filter((kind) => this.#times[kind].length > 0);
    const describe = (times: readonly number[]) => ({ p50: percentile(times, 0.5), p99: percentile(times, 0.99) });
    return {
      seconds,
      requestsPerSecond: done / seconds,
      sent: this.sent,
      right: this.#right,
      left: this.left,
      wrong: this.wrong,
      unasked: this.unasked,
      problems: this.problems,
      lost: this.lost,
      connections: this.connections,
      ...describe(seen.flatMap((kind) => this.#times[kind])),
      kinds: Object.fromEntries(
        seen.map((kind) => [kind, { right: this.#times[kind].length, ...describe(this.#times[kind]) }]),
      ),
    };
  }

  #describe(description: string): void {
    if (this.problems.length < MAX_DESCRIPTIONS) this.problems.push(description);
  }
}

/** The value below which this part of the values lies; 0 of none. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}
