import { Unanswered } from '../errors.ts';
import { fromNative } from '../wsgi/environ.ts';
import type { Application, Environ } from '../wsgi/types.ts';
import { type Answer, json, respond, text } from './answer.ts';
import type { AppStatus } from './status.ts';

/** Where one worker stands. */
export interface WorkerStacks {
  readonly pid: number;
  /** The stacks of all its threads as text (docs/worker-protocol.md, STACKS); null: it did not answer. */
  readonly stacks: string | null;
  /** The ids of the requests that it runs. */
  readonly requests: readonly string[];
}

export type AppSummary = Pick<AppStatus, 'name' | 'state'>;

/** The server, as its control socket can ask and change it. */
export interface Controlled {
  apps(): readonly AppSummary[];
  /** @throws Unanswered */
  stacks(app: string): Promise<readonly WorkerStacks[]>;
}

/** The answer of `GET /apps`. */
export interface AppsAnswer {
  readonly apps: readonly AppSummary[];
}

/** The answer of `POST /apps/NAME/stacks`. */
export interface StacksAnswer {
  readonly state: AppStatus['state'];
  readonly workers: readonly WorkerStacks[];
}

/** What can be done with one app: `POST /apps/NAME/ACTION`, answered as JSON. */
const ACTIONS = {
  stacks: async (server: Controlled, { name, state }: AppSummary): Promise<StacksAnswer> => ({
    state,
    workers: await server.stacks(name),
  }),
};

export type Action = keyof typeof ACTIONS;

/** The endpoints of the control socket, as an application. Whoever can open the socket may do all of it. */
export function controlApplication(server: Controlled): Application {
  return async (environ, startResponse) => respond(await answer(environ, server), startResponse);
}

async function answer({ PATH_INFO, REQUEST_METHOD }: Environ, server: Controlled): Promise<Answer> {
  const path = fromNative(PATH_INFO);
  if (path === '/apps') {
    const body: AppsAnswer = { apps: server.apps() };
    return REQUEST_METHOD === 'GET' ? json(body) : wrongMethod('GET');
  }
  const [, name = '', action = ''] = /^\/apps\/([^/]+)\/([^/]+)$/.exec(path) ?? [];
  if (!isAction(action)) {
    const actions = Object.keys(ACTIONS).map((each) => `POST /apps/NAME/${each}`);
    return text(404, `there is no such endpoint; there are:\n${['GET /apps', ...actions].join('\n')}`);
  }
  if (REQUEST_METHOD !== 'POST') return wrongMethod('POST');
  const apps = server.apps();
  const app = apps.find((each) => each.name === name);
  if (app === undefined) {
    return text(404, `there is no app ${name}; there are: ${apps.map((each) => each.name).join(', ')}`);
  }
  try {
    return json(await ACTIONS[action](server, app));
  } catch (error) {
    if (error instanceof Unanswered) return text(503, error.message);
    throw error;
  }
}

function isAction(word: string): word is Action {
  return Object.hasOwn(ACTIONS, word);
}

function wrongMethod(allowed: string): Answer {
  return { ...text(405, `this endpoint takes ${allowed} alone`), headers: [['Allow', allowed]] };
}
