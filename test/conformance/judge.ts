/** A case and a server make a verdict. */
import { isDeepStrictEqual } from 'node:util';
import type { Answer, Wire } from '../support/wire.ts';
import type { Case, OpenCase, Outcome, Request, Seen } from './case.ts';
import { answerOf, NO_ANSWER, persists, Talk, type Target } from './talk.ts';

export interface Verdict {
  readonly mark: 'pass' | 'fail';
  /** Which of several allowed outcomes it was. */
  readonly outcome?: string;
  /** Of a failure: what was seen. */
  readonly why?: string;
}

const SHOWN = 300;

/** Runs a case against a server. Nothing is thrown: what goes wrong is the verdict. */
export async function judge(one: Case, target: Target): Promise<Verdict> {
  try {
    await using talk = new Talk(target, one.app);
    if (one.level === 'may') return await judgeOpen(one, talk);
    let taken: Seen | Outcome = {};
    if (one.sees !== undefined) {
      const all = [one.sees].flat();
      const problems = await examine(all, talk, one.request ?? {});
      const fitting = all.find((_, index) => problems[index]?.length === 0);
      if (fitting === undefined) return { mark: 'fail', why: problems.map((some) => some.join('; ')).join(' / ') };
      taken = fitting;
    }
    await one.run?.(talk);
    return { mark: 'pass', ...('outcome' in taken ? { outcome: taken.outcome } : {}) };
  } catch (error) {
    return { mark: 'fail', why: (error as Error).message };
  }
}

async function judgeOpen(one: OpenCase, talk: Talk): Promise<Verdict> {
  if (one.run !== undefined) return { mark: 'pass', outcome: await one.run(talk) };
  const allowed = one.allows as readonly Outcome[];
  const problems = await examine(allowed, talk, one.request ?? {});
  const taken = allowed.find((_, index) => problems[index]?.length === 0);
  if (taken !== undefined) return { mark: 'pass', outcome: taken.outcome };
  const why = allowed.map(({ outcome }, index) => `not "${outcome}": ${problems[index]?.join('; ')}`);
  return { mark: 'fail', why: why.join(' / ') };
}

/** One request on a connection of its own, and for each that may be seen, what is not so. */
async function examine(all: readonly Seen[], talk: Talk, request: Request): Promise<string[][]> {
  const wire = await talk.open();
  const ofAnswer = await readAnswer(wire, all, talk, request);
  wire.socket.destroy();
  const needsRecords = all.some((seen) => seen.records ?? seen.recorded ?? seen.neverRecorded);
  const records = needsRecords
    ? await talk.recordsOnce((some) => all.some((seen) => differsInRecords(seen, some).length === 0))
    : [];
  return all.map((seen) => [...(asksOfAnswer(seen) ? ofAnswer(seen) : []), ...differsInRecords(seen, records)]);
}

type Differences = (seen: Seen) => string[];

/** Reads the answer. @returns what tells what of it, and of what follows it, is not as it must be */
async function readAnswer(wire: Wire, all: readonly Seen[], talk: Talk, request: Request): Promise<Differences> {
  try {
    const answer = await answerOf(wire.send(talk.bytes(request)), request);
    const isFramed = all.some(({ framed }) => framed) && answer.status > 0;
    const behind = isFramed ? await whatFollows(wire, answer, talk) : [];
    return (seen) => [...differs(seen, answer), ...(seen.framed === undefined ? [] : behind)];
  } catch (error) {
    return () => [(error as Error).message];
  }
}

/** Whether a case looks at more than at the application's records. */
function asksOfAnswer(seen: Seen): boolean {
  const others = ['outcome', 'records', 'recorded', 'neverRecorded'];
  return Object.keys(seen).some((key) => !others.includes(key));
}

/** What is wrong with the bytes behind an answer: they are the next answer, or none. */
async function whatFollows(wire: Wire, answer: Answer, talk: Talk): Promise<string[]> {
  if (persists(answer)) wire.send(talk.bytes({ app: 'hello' }));
  else return restOf((await wire.rest()).toString('latin1'));
  const next = await answerOf(wire);
  if (next === NO_ANSWER) return restOf((await wire.rest()).toString('latin1'));
  return next.status === 200 && next.body.toString() === 'hello'
    ? []
    : [`behind the answer comes status ${next.status} with ${show(next.body.toString('latin1'))}`];
}

function restOf(rest: string): string[] {
  return rest === '' ? [] : [`behind the answer comes ${show(rest)}`];
}

/** What of an answer is not as it must be. */
export function differs(seen: Seen, answer: Answer): string[] {
  const body = answer.body.toString('latin1');
  const { headers = {} } = seen;
  return [
    ...unless(fitsStatus(seen.status, answer.status), 'status', answer.status || 'none: the connection ended'),
    ...unless(seen.reason === undefined || seen.reason === answer.reason, 'reason', answer.reason),
    ...unless(fitsText(seen.body, body), 'body', body),
    ...(seen.json === undefined ? [] : differsInJson(seen.json, body)),
    ...Object.entries(headers).flatMap(([name, expected]) => {
      const values = answer.headers.flatMap(([key, value]) => (key === name ? [value] : []));
      const found = values.length === 0 ? undefined : values.join(' | ');
      const fits = expected === undefined || found === undefined ? expected === found : fitsText(expected, found);
      return unless(fits, name, found ?? 'not there');
    }),
    ...unless(seen.complete === undefined || seen.complete === answer.complete, 'complete', answer.complete),
  ];
}

function fitsStatus(expected: Seen['status'], status: number): boolean {
  if (expected === undefined) return true;
  if (expected === 'failure') return status === 0 || status >= 400;
  return typeof expected === 'number' ? expected === status : expected.includes(status);
}

function fitsText(expected: string | RegExp | undefined, text: string): boolean {
  if (expected === undefined) return true;
  return typeof expected === 'string' ? expected === text : expected.test(text);
}

function differsInJson(expected: Readonly<Record<string, unknown>>, body: string): string[] {
  let found: Record<string, unknown>;
  try {
    found = JSON.parse(body) as Record<string, unknown>;
  } catch {
    return [`the body is no JSON: ${show(body)}`];
  }
  return Object.entries(expected).flatMap(([key, value]) =>
    unless(isDeepStrictEqual(found[key], value), key, JSON.stringify(found[key]) ?? 'not there'),
  );
}

/** What of the records is not as it must be. */
export function differsInRecords(seen: Seen, records: readonly string[]): string[] {
  const { recorded = [], neverRecorded = [] } = seen;
  const asTheyMust =
    (seen.records === undefined || isDeepStrictEqual(records, seen.records)) &&
    recorded.every((what) => records.includes(what)) &&
    !neverRecorded.some((what) => records.includes(what));
  return unless(asTheyMust, 'the application recorded', JSON.stringify(records));
}

function unless(fits: boolean, what: string, found: string | number | boolean): string[] {
  return fits ? [] : [`${what}: ${typeof found === 'string' ? show(found) : found}`];
}

function show(text: string): string {
  return text.length > SHOWN ? `${JSON.stringify(text.slice(0, SHOWN))}…` : JSON.stringify(text);
}
