/** Durations in words as milliseconds: `/?time=2+days` is 172800000. */
import ms from 'ms';
import type { Application } from 'stillhouse';

export const application: Application = (environ, startResponse) => {
  const time = new URLSearchParams(environ.QUERY_STRING).get('time') ?? '1 hour';
  const length = time.length <= 100 ? ms(time) : undefined;
  const body = length === undefined ? 'time is a duration such as 2 days, 90 minutes or 1.5h\n' : `${length}\n`;
  startResponse(length === undefined ? '400 Bad Request' : '200 OK', [['Content-Type', 'text/plain; charset=utf-8']]);
  return [body];
};
