/** Two readings of the same bytes, up to the first request on which they part. */
import { isDeepStrictEqual } from 'node:util';
import type { Reading } from './reading.ts';

export interface Difference {
  /** `ours`: we refuse what Node accepts; `theirs`: the other way round; `meaning`: both accept, and read it in two ways. */
  readonly stricter: 'ours' | 'theirs' | 'meaning';
  /** The code of the one that refuses. */
  readonly code: string;
}

/** Undefined where both read the same requests, and then refuse, wait or end alike. */
export function compare(ours: Reading, theirs: Reading): Difference | undefined {
  const common = Math.min(ours.requests.length, theirs.requests.length);
  if (!isDeepStrictEqual(ours.requests.slice(0, common), theirs.requests.slice(0, common))) return MEANING;
  const ourFurther = progress(ours) > progress(theirs);
  const theirFurther = progress(theirs) > progress(ours);
  if (!ourFurther && !theirFurther) {
    if (!isDeepStrictEqual(ours.open, theirs.open)) return MEANING;
    if ((ours.refused === undefined) === (theirs.refused === undefined)) return undefined;
  }
  if (ours.refused !== undefined && !ourFurther) return { stricter: 'ours', code: ours.refused.slice(4) };
  if (theirs.refused !== undefined && !theirFurther) return { stricter: 'theirs', code: theirs.refused };
  return MEANING;
}

const MEANING: Difference = { stricter: 'meaning', code: '' };

/** Requests that ended, and the head of one more. */
function progress({ requests, open }: Reading): number {
  return requests.length + (open === undefined ? 0 : 0.5);
}
