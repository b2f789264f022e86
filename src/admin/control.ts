import { SETTINGS } from '../config/settings.ts';
import { ReloadFailed, StartError, type StartFailure, Unanswered } from '../errors.ts';
import { fromNative } from '../wsgi/environ.ts';
import type { Application, Environ } from '../wsgi/types.ts';
import { type Answer, json, respond, text } from './answer.ts';
import type { AppStatus, ServerStatus } from './status.ts';

/** Where one worker stands. */
export interface WorkerStacks {
  readonly pid: number;
  /** The stacks of all its threads as text (docs/worker-protocol.md, STACKS); null: it did not answer. */
  readonly stacks: string | null;
  /** The ids of the requests that it runs. */
  readonly requests: readonly string[];
}

/** The answer of `POST /apps/NAME/stacks`. */
export interface StacksAnswer {
  readonly state: AppStatus['state'];
  readonly workers: readonly WorkerStacks[];
}

/** The answer of `POST /reload` and `POST /apps/NAME/reload`. */
export interface ReloadAnswer {
  /** Sentences: "blog: generation 3 serves". */
  readonly changes: readonly string[];
  /** Settings that have changed and hold only after a restart: "bind". */
  readonly needsRestart: readonly string[];
}

/** The answer of `POST /apps/NAME/scale`: how many workers the app may have from now on, over all fronts. */
export interface ScaleAnswer {
  readonly min: number;
  readonly max: number;
}

/** The answer of `POST /stop`. */
export interface StopAnswer {
  /** The server will have ended after so many seconds, whatever its applications do. */
  readonly within: number;
}

/** The answer 409: what was asked could not be done, and all is as before. */
export interface Refusal {
  readonly failures: readonly StartFailure[];
}

/** The server, as its control socket can ask and change it. A StartError of any of them is answered as a refusal. */
export interface Controlled {
  status(): ServerStatus;
  /** @throws Unanswered */
  stacks(app: string): Promise<readonly WorkerStacks[]>;
  /**
   * Resolves when the new generations serve; whoever asked may have left by then.
   * @param app undefined: the whole configuration is read again
   * @throws ReloadFailed where the old goes on
   */
  reload(app: string | undefined): Promise<ReloadAnswer>;
  /** Gives an app so many workers, at once. */
  scale(app: string, workers: number): Promise<ScaleAnswer>;
  /** Begins to stop. */
  stop(): StopAnswer;
}

/** What is not asked of one app alone. */
const OF_SERVER = {
  '/status': { method: 'GET', answer: (server: Controlled): unknown => server.status() },
  '/reload': { method: 'POST', answer: (server: Controlled): unknown => server.reload(undefined) },
  '/stop': { method: 'POST', answer: (server: Controlled): unknown => server.stop() },
} as const;

/** What can be done with one app: `POST /apps/NAME/ACTION`. */
const OF_APP = {
  stacks: async (server: Controlled, { name, state }: AppStatus): Promise<StacksAnswer> => ({
    state,
    workers: await server.stacks(name),
  }),
  reload: (server: Controlled, { name }: AppStatus) => server.reload(name),
  scale: (server: Controlled, { name, state }: AppStatus, query: string) => {
    const workers = workersOf(query);
    if (state !== 'serving' && state !== 'idle') throw notServing(name, state);
    return server.scale(name, workers);
  },
};

/** A query that makes no sense. */
class BadQuery extends Error {}

/** The endpoints of the control socket, as an application. Whoever can open the socket may do all of it. */
export function controlApplication(server: Controlled): Application {
  return async (environ, startResponse) => respond(await answer(environ, server), startResponse);
}

async function answer(environ: Environ, server: Controlled): Promise<Answer> {
  const path = fromNative(environ.PATH_INFO);
  try {
    if (hasOwn(OF_SERVER, path)) {
      const { method, answer } = OF_SERVER[path];
      return environ.REQUEST_METHOD === method ? json(await answer(server)) : wrongMethod(method);
    }
    const [, name = '', action = ''] = /^\/apps\/([^/]+)\/([^/]+)$/.exec(path) ?? [];
    if (!hasOwn(OF_APP, action)) return text(404, `there is no such endpoint; there are:\n${endpoints().join('\n')}`);
    if (environ.REQUEST_METHOD !== 'POST') return wrongMethod('POST');
    const { apps } = server.status();
    const app = apps.find((each) => each.name === name);
    if (app !== undefined) return json(await OF_APP[action](server, app, environ.QUERY_STRING));
    return text(404, `there is no app ${name}; there are: ${apps.map((each) => each.name).join(', ')}`);
  } catch (error) {
    if (error instanceof BadQuery) return text(400, error.message);
    if (error instanceof Unanswered) return text(503, error.message);
    if (error instanceof ReloadFailed) return refusal(error.failures);
    if (error instanceof StartError) return refusal([error.failure]);
    throw error;
  }
}

function endpoints(): string[] {
  return [
    ...Object.entries(OF_SERVER).map(([path, { method }]) => `${method} ${path}`),
    ...Object.keys(OF_APP).map((action) => `POST /apps/NAME/${action}${action === 'scale' ? '?workers=NUMBER' : ''}`),
  ];
}

function workersOf(query: string): number {
  const given = new URLSearchParams(query).get('workers') ?? '';
  const workers = Number(given);
  const { least, most } = SETTINGS.workers;
  if (/^[0-9]+$/.test(given) && workers >= least && workers <= most) return workers;
  throw new BadQuery(`workers has to be a number from ${least} to ${most}`);
}

function notServing(name: string, state: string): StartError {
  return new StartError({
    code: 'APP_NOT_SERVING',
    message: `${name} is ${state}, and has no workers that could be more or fewer`,
    cure: 'stillhouse status says why; once it serves, scale it',
  });
}

function refusal(failures: readonly StartFailure[]): Answer {
  return { ...json({ failures } satisfies Refusal), code: 409 };
}

function hasOwn<T extends object>(table: T, key: PropertyKey): key is keyof T {
  return Object.hasOwn(table, key);
}

function wrongMethod(allowed: string): Answer {
  return { ...text(405, `this endpoint takes ${allowed} alone`), headers: [['Allow', allowed]] };
}
