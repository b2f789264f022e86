import type { Case, Theme } from './case.ts';
import type { Verdicts } from './examine.ts';

export interface Score {
  readonly passed: number;
  readonly asked: number;
}

/** Of the cases that count: what the texts demand, and what they leave open within bounds. */
export function requiredOf(themes: readonly Theme[], verdicts: Verdicts): Score {
  return scoreOf(themes, verdicts, ({ level }) => level !== 'should');
}

/** Of what they advise. */
export function advisedOf(themes: readonly Theme[], verdicts: Verdicts): Score {
  return scoreOf(themes, verdicts, ({ level }) => level === 'should');
}

function scoreOf(themes: readonly Theme[], verdicts: Verdicts, counts: (one: Case) => boolean): Score {
  const asked = themes.flatMap(({ cases }) => cases.filter(counts)).flatMap(({ id }) => verdicts[id] ?? []);
  return { passed: asked.filter(({ mark }) => mark === 'pass').length, asked: asked.length };
}

export function formatScore({ passed, asked }: Score): string {
  return asked === 0 ? '–' : `${passed} of ${asked}`;
}
