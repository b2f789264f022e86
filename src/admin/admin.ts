import { createHash, timingSafeEqual } from 'node:crypto';
import { exposition } from '../observe/snapshots.ts';
import type { Application, Environ, Header } from '../wsgi/types.ts';
import { type Answer, json, respond, text } from './answer.ts';
import { statusPage } from './page.ts';
import { appNotReady, canAnswer, notReady, type Snapshot } from './status.ts';

type Endpoint = (snapshot: Snapshot) => Answer | Promise<Answer>;

const HEALTH: Readonly<Record<string, Endpoint>> = {
  '/livez': ({ status }) => (status.fronts.some(({ alive }) => alive) ? text(200, 'ok') : text(503, 'no front lives')),
  '/readyz': readiness,
  '/healthz': readiness,
  '/health': readiness,
};

const GUARDED: Readonly<Record<string, Endpoint>> = {
  '/': page,
  '/status': ({ status }) => json(status),
  '/metrics': async ({ families }) => ({
    code: 200,
    type: 'text/plain; version=0.0.4; charset=utf-8',
    body: await exposition(families),
  }),
};

/**
 * The admin endpoints, as an application. Nothing here waits for another process: it all comes from the last snapshot.
 * @param token what a client must bear to see more than health; empty: nothing
 */
export function adminApplication(read: () => Snapshot, token: string): Application {
  return async (environ, startResponse) => respond(await answer(environ, read, token), startResponse);
}

function answer(environ: Environ, read: () => Snapshot, token: string): Answer | Promise<Answer> {
  const path = environ.PATH_INFO.replace(/(?<=[^/])\/$/, '');
  if (!['GET', 'HEAD'].includes(environ.REQUEST_METHOD)) {
    return { ...text(405, 'only GET and HEAD: nothing can be changed here'), headers: [['Allow', 'GET, HEAD']] };
  }
  const [, app] = /^\/readyz\/([^/]+)$/.exec(path) ?? [];
  if (app !== undefined) return appReadiness(read(), app);
  const health = endpointOf(HEALTH, path);
  if (health !== undefined) return health(read());
  if (token !== '' && !bears(environ, token)) {
    const refusal = text(401, 'the admin listener asks for its token: Authorization: Bearer TOKEN');
    return { ...refusal, headers: [['WWW-Authenticate', 'Bearer realm="stillhouse"']] };
  }
  const endpoints = [...Object.keys(GUARDED), ...Object.keys(HEALTH), '/readyz/APP'].join('\n');
  return endpointOf(GUARDED, path)?.(read()) ?? text(404, `there is no such endpoint; there are:\n${endpoints}`);
}

function endpointOf(endpoints: Readonly<Record<string, Endpoint>>, path: string): Endpoint | undefined {
  return Object.hasOwn(endpoints, path) ? endpoints[path] : undefined;
}

function readiness({ status }: Snapshot): Answer {
  const reasons = notReady(status);
  return reasons.length === 0 ? text(200, 'ready') : text(503, `not ready:\n${reasons.join('\n')}`);
}

function appReadiness({ status }: Snapshot, name: string): Answer {
  const app = status.apps.find((candidate) => candidate.name === name);
  if (app === undefined) {
    const names = status.apps.map((each) => each.name).join(', ');
    return text(404, `there is no app of this name; there are: ${names}`);
  }
  if (status.state !== 'serving') return text(503, `the server is ${status.state}; ${appNotReady(app)}; see /status`);
  if (canAnswer(app))
    return text(200, app.state === 'idle' ? 'ready: idle, and started by the first request' : 'ready');
  return text(503, `${appNotReady(app)}; see /status`);
}

function page({ status }: Snapshot): Answer {
  const policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";
  const headers: Header[] = [['Content-Security-Policy', policy]];
  return { code: 200, type: 'text/html; charset=utf-8', body: statusPage(status), headers };
}

/** In the same time whatever is wrong: hashes of one length are compared. */
function bears(environ: Environ, token: string): boolean {
  const [, given = ''] = /^Bearer +(.+)$/i.exec(String(environ.HTTP_AUTHORIZATION ?? '')) ?? [];
  const hash = (value: string) => createHash('sha256').update(value).digest();
  return timingSafeEqual(hash(given), hash(token));
}
