import type { StartFailure } from '../errors.ts';
import { type AppStatus, type GenerationStatus, readyAmong, timeOf, whyDown } from './status.ts';

/** Something out of the ordinary about an app, for people. */
export interface Remark {
  /** A sentence without its end; empty: the failure says it all. */
  readonly words: string;
  readonly isBad: boolean;
  readonly failure?: StartFailure | undefined;
}

/** What is to be told of an app beside its figures: other generations than the one that serves, a crash loop, why it failed, why a reload did. */
export function remarksOf(app: AppStatus): Remark[] {
  const { generation, generations, failure, lastReload } = app;
  const remarks: Remark[] = generations.filter(({ number }) => number !== generation).map(remarkOn);
  remarks.push(...whyDown(app).map((words) => ({ words, isBad: true })));
  if (failure !== undefined) remarks.push({ words: '', isBad: true, failure });
  const isTold = remarks.some((remark) => remark.failure !== undefined);
  if (lastReload?.ok === false && !isTold) {
    remarks.push({ words: `the reload at ${timeOf(lastReload.at)} failed`, isBad: true, failure: lastReload.failure });
  }
  return remarks;
}

function remarkOn({ number, state, since, workers, failure }: GenerationStatus): Remark {
  const isBad = state === 'failed';
  const ready = workers.length === 0 ? '' : `, ${readyAmong(workers)} of ${workers.length} workers ready`;
  const how = isBad ? 'failed at' : `is ${state} since`;
  return { words: `generation ${number} ${how} ${timeOf(since)}${ready}`, isBad, failure };
}
