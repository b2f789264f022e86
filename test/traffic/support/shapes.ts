/** The ways in which the mix is served: each combination in the long form, a selection of them in the short one. */
import { isLong } from '../../chaos/support/form.ts';

export const CHANGES = ['steady', 'reloads', 'recycling', 'scaling'] as const;
/** What happens to the workers meanwhile. */
export type Change = (typeof CHANGES)[number];

/** What is asked: the whole mix, or quick requests alone, which the front sends ahead to the workers. */
export type Asked = 'whole' | 'quick';

export interface Shape {
  readonly asked: Asked;
  readonly threads: number;
  readonly streaming: boolean;
  readonly change: Change;
}

/** @param short the shapes of the short form beside the steady ones of the whole mix */
export function shapesOf(threads: readonly number[], short: readonly Shape[]): Shape[] {
  const all = threads.flatMap((count) =>
    CHANGES.flatMap((change): Shape[] => [
      { asked: 'whole', threads: count, streaming: false, change },
      { asked: 'whole', threads: count, streaming: true, change },
      { asked: 'quick', threads: count, streaming: false, change },
    ]),
  );
  return isLong ? all : [...all.filter(({ asked, change }) => asked === 'whole' && change === 'steady'), ...short];
}

const WORDS: Readonly<Record<Change, string>> = {
  steady: '',
  reloads: ', reloaded again and again',
  recycling: ', its workers recycled after 300 requests',
  scaling: ', scaling from 1 to 4 workers',
};

/** For the name of a test. */
export function describeShape({ asked, threads, streaming, change }: Shape): string {
  const count = threads === 1 ? '1 thread' : `${threads} threads`;
  const what = asked === 'quick' ? ', quick requests alone' : '';
  return `${count}${what}, bodies ${streaming ? 'streamed' : 'read ahead'}${WORDS[change]}`;
}
