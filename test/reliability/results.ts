/** What a run of `npm run reliability` writes as JSON. */

/** How fast the 8 connections of a load send. */
export const RATES = {
  full: { pause: 0, title: 'As fast as they are answered' },
  steady: { pause: 20, title: 'Steady: each connection sends 20 ms after an answer' },
  low: { pause: 500, title: 'Low: each connection sends half a second after an answer' },
} as const;

export type Rate = keyof typeof RATES;

/** One turn: a server that is started, reloaded some times under load, and ended. */
export interface Turn {
  readonly reloads: number;
  readonly sent: number;
  readonly right: number;
  /** How many were lost, by kind (`Loss`, or the status). */
  readonly losses: Readonly<Record<string, number>>;
  /** Milliseconds from the order to reload until only new code answered, for each reload. */
  readonly took: readonly number[];
  /** The longest that a right answer took, in milliseconds. */
  readonly slowest: number;
}

export interface Row {
  readonly contender: string;
  readonly rate: Rate;
  readonly turns: readonly Turn[];
}

export interface Results {
  readonly at: string;
  readonly machine: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly setups: Readonly<Record<string, string>>;
  readonly absent: Readonly<Record<string, string>>;
  readonly rows: readonly Row[];
}

/** Adds a turn to a row, which is made where there is none. */
export function withTurn(rows: readonly Row[], contender: string, rate: Rate, turn: Turn): Row[] {
  const isIt = (row: Row) => row.contender === contender && row.rate === rate;
  if (!rows.some(isIt)) return [...rows, { contender, rate, turns: [turn] }];
  return rows.map((row) => (isIt(row) ? { ...row, turns: [...row.turns, turn] } : row));
}
