import { toNative } from '../wsgi/environ.ts';
import { errorPage } from '../wsgi/error-page.ts';
import { statusText } from '../wsgi/status.ts';
import type { Application } from '../wsgi/types.ts';
import { APP_NAME } from './record-requests.ts';

/** An application and where it stands. */
export interface Mount {
  readonly name: string;
  /** `/` or `/blog`, without a slash at its end. */
  readonly path: string;
  /** The Host that it answers to, on every port; empty: every one. */
  readonly host: string;
  readonly app: Application;
}

interface Route extends Mount {
  /** The path as it stands in an environ; empty for the root. */
  readonly prefix: string;
}

/**
 * Several applications as one (PEP 3333, "environ Variables": SCRIPT_NAME and PATH_INFO): the longest path that matches by whole segments, an app for
 * this host before one for every host. What nobody is mounted at is 404.
 */
export function dispatch(mounts: readonly Mount[]): Application {
  const routes: Route[] = mounts
    .map((mount) => ({ ...mount, host: hostName(mount.host), prefix: mount.path === '/' ? '' : toNative(mount.path) }))
    .sort(
      (one, other) => Number(other.host !== '') - Number(one.host !== '') || other.prefix.length - one.prefix.length,
    );
  const hosts = routes.some(({ host }) => host !== '');
  return (environ, startResponse) => {
    const path = environ.PATH_INFO;
    const host = hosts ? hostName(environ.HTTP_HOST) : '';
    const route = routes.find(
      (candidate) => (candidate.host === '' || candidate.host === host) && isUnder(path, candidate.prefix),
    );
    if (route === undefined) {
      const { headers, body } = errorPage(404, 'no application is mounted at this path');
      startResponse(statusText(404), headers);
      return [body];
    }
    environ[APP_NAME] = route.name;
    environ.SCRIPT_NAME += route.prefix;
    environ.PATH_INFO = path.slice(route.prefix.length);
    return route.app(environ, startResponse);
  };
}

/** By whole segments: `/blog` holds `/blog` and `/blog/1`, and not `/blogger`. */
function isUnder(path: string, prefix: string): boolean {
  return path.startsWith(prefix) && (path.length === prefix.length || prefix === '' || path[prefix.length] === '/');
}

/** A Host without its port, the dot of the root and the case (RFC 9110, 7.2; RFC 3986, 3.2.2). */
function hostName(host: unknown): string {
  return String(host ?? '')
    .replace(/:[0-9]*$/, '')
    .replace(/\.$/, '')
    .toLowerCase();
}
