/** `stillhouse serve`, as it serves a folder of applications. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Folder } from './folder.ts';
import { ROOT, type RunningServer, type RunOptions, serve } from './server.ts';
import { until } from './until.ts';
import { ask, get } from './wire.ts';

/** A server of several apps, with a data directory of its own. */
export type AppsServer = RunningServer & { readonly port: number; readonly data: string };

/** Serves the folders of `directory`, and waits until each has started, or failed, or installs its packages for longer than ten seconds. */
export async function serveApps(
  directory: string,
  args: readonly string[] = [],
  options: RunOptions & { readonly data?: string } = {},
): Promise<AppsServer> {
  const own = options.data === undefined ? new Folder() : undefined;
  const data = options.data ?? (own as Folder).path;
  const all = [`--apps-directory=${directory}`, `--data-directory=${data}`, '--admin-bind=127.0.0.1:0', ...args];
  try {
    const server = await serve('serve', all, { cwd: data, ...options });
    void server.ended.then(() => own?.[Symbol.dispose]());
    return Object.assign(server, { data });
  } catch (error) {
    own?.[Symbol.dispose]();
    throw error;
  }
}

const FIXTURE = join(ROOT, 'test/fixtures/apps');

/**
 * A folder of applications, each the program of test/fixtures/apps in the language of its name's ending: `NAME` is Python, `NAME-ts` TypeScript.
 * @param settings the app.yaml of each
 */
export function appsFolder(settings: Readonly<Record<string, string>>): Folder {
  const folder = new Folder();
  for (const [name, yaml] of Object.entries(settings)) {
    const file = name.endsWith('-ts') ? 'app.ts' : 'app.py';
    folder.write(join(name, file), readFileSync(join(FIXTURE, file), 'utf8'));
    if (yaml !== '') folder.write(join(name, 'app.yaml'), yaml);
  }
  return folder;
}

/** Status and body of a GET, in one line. */
export async function answerOf(port: number, path: string, ...headers: string[]): Promise<string> {
  const { status, body } = await ask(port, get(path, ...headers));
  return `${status} ${body}`;
}

/** The same, once the app has started: packages that are installed hold the first listening for ten seconds, and no longer. */
export function answerOnceUp(port: number, path: string): Promise<string> {
  return until(async () => {
    const answer = await answerOf(port, path);
    return answer.startsWith('503') ? undefined : answer;
  }, `an answer of ${path}`);
}
