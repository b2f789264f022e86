/** The ways in which the mix is served: each combination in the long form, a selection of them in the short one. */
import { isLong } from '../../chaos/support/form.ts';

export const CHANGES = ['steady', 'reloads', 'recycling', 'scaling'] as const;
/** What happens to the workers meanwhile. */
export type Change = (typeof CHANGES)[number];

export interface Shape {
  readonly threads: number;
  readonly streaming: boolean;
  readonly change: Change;
}

/** @param short the shapes of the short form beside the steady ones */
export function shapesOf(threads: readonly number[], short: readonly Shape[]): Shape[] {
  const all = threads.flatMap((count) =>
    [false, true].flatMap((streaming) => CHANGES.map((change) => ({ threads: count, streaming, change }))),
  );
  return isLong ? all : [...all.filter(({ change }) => change === 'steady'), ...short];
}

const WORDS: Readonly<Record<Change, string>> = {
  steady: '',
  reloads: ', reloaded again and again',
  recycling: ', its workers recycled after 300 requests',
  scaling: ', scaling from 1 to 4 workers',
};

/** For the name of a test. */
export function describeShape({ threads, streaming, change }: Shape): string {
  const count = threads === 1 ? '1 thread' : `${threads} threads`;
  return `${count}, bodies ${streaming ? 'streamed' : 'read ahead'}${WORDS[change]}`;
}
