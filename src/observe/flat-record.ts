/** Log records made without pino, for the one that is written with every request. Pure. */

/** What JSON takes between its quotes as it stands. */
const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/** A record whose values need no looking into. */
export type FlatRecord = Readonly<Record<string, string | number | boolean>>;

/** The line of JSON that pino makes of a flat record: `start`, which is an object without its end, and the record's members. */
export function flatRecord(start: string, record: FlatRecord): string {
  let line = start;
  for (const key in record) {
    const value = record[key] as string | number | boolean;
    if (typeof value !== 'string') line += `,"${key}":${value}`;
    else if (PLAIN.test(value)) line += `,"${key}":"${value}"`;
    else line += `,"${key}":${JSON.stringify(value)}`;
  }
  return `${line}}\n`;
}

/** The time of a record as pino writes it, made anew once in a millisecond. */
export function isoClock(now: () => number): () => string {
  let at = Number.NaN;
  let text = '';
  return () => {
    const time = now();
    if (time !== at) {
      at = time;
      text = new Date(time).toISOString();
    }
    return text;
  };
}
