import { CLIENT_ERRORS, type ClientErrorCode, OVERLOAD_ERRORS, type OverloadCode } from '../errors.ts';
import { Histogram } from './histogram.ts';
import { type Family, family, type MetricName, type Sample } from './metrics.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
/** All that a final status can have: an application's 1xx is an error of its own. */
const CLASSES = ['2xx', '3xx', '4xx', '5xx'] as const;

/** What a front counts of one app: plain numbers, because every request adds to them. */
export class AppTally {
  readonly latency = new Histogram();
  readonly queueTime = new Histogram();
  requestBytes = 0;
  responseBytes = 0;
  timeouts = 0;
  abandoned = 0;
  readonly #shed = new Map(Object.keys(OVERLOAD_ERRORS).map((code) => [code as OverloadCode, 0]));
  readonly #requests = new Array<number>((METHODS.length + 1) * CLASSES.length).fill(0);

  /** A response has ended. @param status 499 where the client left first */
  request(method: string, status: number): void {
    const row = METHODS.indexOf(method as (typeof METHODS)[number]);
    const column = Math.min(CLASSES.length - 1, Math.max(0, Math.trunc(status / 100) - 2));
    const at = (row < 0 ? METHODS.length : row) * CLASSES.length + column;
    this.#requests[at] = (this.#requests[at] as number) + 1;
  }

  /** A request got 503 in place of an answer. */
  shed(code: OverloadCode): void {
    this.#shed.set(code, (this.#shed.get(code) ?? 0) + 1);
  }

  shedSamples(app: string): Sample[] {
    return [...this.#shed].map(([code, value]) => ({ labels: { app, code }, value }));
  }

  /** Those that were never asked for too: a counter that begins at 1 has no rate (Prometheus, "Avoid missing metrics"). */
  requestSamples(app: string): Sample[] {
    return this.#requests.map((value, at) => {
      const method = METHODS[Math.trunc(at / CLASSES.length)] ?? 'other';
      return { labels: { app, method, status: CLASSES[at % CLASSES.length] as string }, value };
    });
  }
}

/** What a front counts, and its snapshot for the supervisor. */
export class Tally {
  readonly #apps = new Map<string, AppTally>();
  readonly #refused = new Map(Object.keys(CLIENT_ERRORS).map((code) => [code as ClientErrorCode, 0]));
  unmatched = 0;
  connections = 0;
  accepted = 0;
  /** Connections that were closed at once, for want of descriptors. */
  dropped = 0;
  logDropped = 0;

  /** The tally of an app, from now on in every snapshot. */
  app(name: string): AppTally {
    const found = this.#apps.get(name) ?? new AppTally();
    this.#apps.set(name, found);
    return found;
  }

  refused(code: ClientErrorCode): void {
    this.#refused.set(code, (this.#refused.get(code) ?? 0) + 1);
  }

  /** @param now what an app has at this moment: requests that wait, and all that are not answered yet */
  snapshot(now: (app: string) => { readonly queued: number; readonly inFlight: number }): Family[] {
    const apps = [...this.#apps];
    const perApp = (name: MetricName, value: (tally: AppTally, app: string) => number) =>
      family(
        name,
        apps.map(([app, tally]) => ({ labels: { app }, value: value(tally, app) })),
      );
    return [
      family(
        'requests',
        apps.flatMap(([app, tally]) => tally.requestSamples(app)),
      ),
      family(
        'latency',
        apps.flatMap(([app, tally]) => tally.latency.samples('latency', { app })),
      ),
      family(
        'queueTime',
        apps.flatMap(([app, tally]) => tally.queueTime.samples('queueTime', { app })),
      ),
      perApp('inFlight', (_, app) => now(app).inFlight),
      perApp('queued', (_, app) => now(app).queued),
      perApp('requestBytes', (tally) => tally.requestBytes),
      perApp('responseBytes', (tally) => tally.responseBytes),
      perApp('timeouts', (tally) => tally.timeouts),
      perApp('abandoned', (tally) => tally.abandoned),
      family(
        'shed',
        apps.flatMap(([app, tally]) => tally.shedSamples(app)),
      ),
      family(
        'refused',
        [...this.#refused].map(([code, value]) => ({ labels: { code }, value })),
      ),
      family('unmatched', [{ labels: {}, value: this.unmatched }]),
      family('connections', [{ labels: {}, value: this.connections }]),
      family('accepted', [{ labels: {}, value: this.accepted }]),
      family('connectionsDropped', [{ labels: {}, value: this.dropped }]),
      family('logDropped', [{ labels: { process: 'front' }, value: this.logDropped }]),
    ];
  }
}
