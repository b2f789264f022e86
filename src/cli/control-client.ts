import { readdir } from 'node:fs/promises';
import { request } from 'node:http';
import type { ServerStatus } from '../admin/status.ts';
import { suggest } from '../config/suggest.ts';
import { StartError } from '../errors.ts';
import { controlSocketName, pidOfControlSocket } from '../supervisor/data-directory.ts';
import { SocketPath } from '../supervisor/socket-path.ts';

/** More than a front is waited for by its supervisor. */
const PATIENCE_MS = 10_000;

/** What came of a question to a control socket. */
type Reply = { readonly body: unknown } | { readonly error: NodeJS.ErrnoException };

interface LiveServer {
  readonly pid: number;
  /** The names of its apps; an error: it has not told. */
  readonly apps: readonly string[] | NodeJS.ErrnoException;
}

/**
 * Has an action done by the server that has the app, and returns its answer.
 * @param pid of the server that is meant; undefined: the only one
 * @throws StartError SERVER_NOT_FOUND, SERVER_AMBIGUOUS, SERVER_NOT_ALLOWED, SERVER_SILENT, APP_UNKNOWN
 */
export async function order(
  dataDirectory: string,
  app: string,
  action: string,
  pid: number | undefined,
): Promise<unknown> {
  const server = choose(await liveServers(dataDirectory), dataDirectory, app, pid);
  const reply = await ask(dataDirectory, server.pid, 'POST', `/apps/${encodeURIComponent(app)}/${action}`);
  if ('error' in reply) throw silent(server.pid, reply.error.message);
  return reply.body;
}

/** The servers whose control sockets answer, or refuse this user. */
async function liveServers(dataDirectory: string): Promise<LiveServer[]> {
  const names = await readdir(dataDirectory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EACCES') throw notAllowed(`the data directory ${dataDirectory} may not be read by this user`);
    return [];
  });
  const pids = names.map(pidOfControlSocket).filter((pid) => pid !== undefined);
  const servers = await Promise.all(
    pids.map(async (pid) => {
      const reply = await ask(dataDirectory, pid, 'GET', '/status');
      if (!('error' in reply)) return { pid, apps: (reply.body as ServerStatus).apps.map(({ name }) => name) };
      // What a dead run has left.
      return ['ECONNREFUSED', 'ENOENT'].includes(reply.error.code ?? '') ? undefined : { pid, apps: reply.error };
    }),
  );
  return servers.filter((server) => server !== undefined);
}

/** The one server that has the app. */
function choose(
  servers: readonly LiveServer[],
  dataDirectory: string,
  app: string,
  pid: number | undefined,
): LiveServer {
  const meant = servers.filter((server) => pid === undefined || server.pid === pid);
  if (meant.length === 0) {
    const which = pid === undefined ? 'no server' : `no server ${pid}`;
    const others = servers.length === 0 ? '' : `; there is ${describe(servers)}`;
    throw new StartError({
      code: 'SERVER_NOT_FOUND',
      message: `${which} of this host runs with the data directory ${dataDirectory}${others}`,
      cure: 'start one, or name the data directory of the one that runs with --data-directory',
    });
  }
  const having = meant.filter(({ apps }) => Array.isArray(apps) && apps.includes(app));
  const [server, ...others] = having;
  if (server === undefined) throw withoutApp(meant, app);
  if (others.length === 0) return server;
  throw new StartError({
    code: 'SERVER_AMBIGUOUS',
    message: `several servers have an app ${app}: ${describe(having)}`,
    cure: `name one of them, such as --server=${server.pid}`,
  });
}

function withoutApp(servers: readonly LiveServer[], app: string): StartError {
  for (const { pid, apps } of servers) {
    if (!(apps instanceof Error)) continue;
    return apps.code === 'EACCES'
      ? notAllowed(`the control socket of server ${pid} may not be opened by this user`)
      : silent(pid, apps.message);
  }
  const near = suggest(
    app,
    servers.flatMap(({ apps }) => apps as readonly string[]),
  );
  return new StartError({
    code: 'APP_UNKNOWN',
    message: `there is no app ${app}; there is ${describe(servers)}`,
    cure: near === undefined ? 'name one of those' : `did you mean ${near}?`,
  });
}

/** `server 12 (blog, shop), server 34 (blog)`. */
function describe(servers: readonly LiveServer[]): string {
  const sorted = [...servers].sort((one, other) => one.pid - other.pid);
  return sorted
    .map(({ pid, apps }) => `server ${pid} (${apps instanceof Error ? apps.code : apps.join(', ')})`)
    .join(', ');
}

function notAllowed(message: string): StartError {
  return new StartError({ code: 'SERVER_NOT_ALLOWED', message, cure: 'run the command as the user of the server' });
}

function silent(pid: number, why: string): StartError {
  return new StartError({
    code: 'SERVER_SILENT',
    message: `server ${pid} did not answer: ${why}`,
    cure: 'try again; if it stays so, see the log of the server',
  });
}

async function ask(dataDirectory: string, pid: number, method: string, path: string): Promise<Reply> {
  await using at = await SocketPath.in(dataDirectory, controlSocketName(pid));
  const { promise, resolve } = Promise.withResolvers<Reply>();
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const asked = request({ socketPath: at.path, method, path, agent: false, signal }, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    response.on('end', () => resolve(read(response.statusCode, text)));
    response.on('error', (error) => resolve({ error }));
  });
  asked.on('error', (error) => {
    resolve({ error: signal.aborted ? new Error(`nothing came within ${PATIENCE_MS / 1000} s`) : error });
  });
  asked.end();
  return promise;
}

function read(code: number | undefined, text: string): Reply {
  try {
    if (code === 200) return { body: JSON.parse(text) };
  } catch {
    // Whoever answered is no server of ours.
  }
  return { error: new Error(text.trim()) };
}
