import { readdir } from 'node:fs/promises';
import type { ServerStatus } from '../admin/status.ts';
import { suggest } from '../config/suggest.ts';
import { StartError } from '../errors.ts';
import { pidOfControlSocket } from '../supervisor/data-directory.ts';
import { ControlClient, isGone } from './control-client.ts';

/** Which server is meant. */
export interface Wanted {
  readonly dataDirectory: string;
  /** Its process id; undefined: the only one. */
  readonly pid: number | undefined;
  /** An app that it has; undefined: whatever it has. */
  readonly app?: string | undefined;
}

/** A server that runs, and what it told first. */
export interface FoundServer {
  readonly client: ControlClient;
  readonly status: ServerStatus;
}

interface LiveServer {
  readonly client: ControlClient;
  /** An error: it has not told. */
  readonly told: ServerStatus | NodeJS.ErrnoException;
}

/**
 * The one server of this host that is meant.
 * @throws StartError SERVER_NOT_FOUND, SERVER_AMBIGUOUS, SERVER_NOT_ALLOWED, SERVER_SILENT, APP_UNKNOWN
 */
export async function findServer(wanted: Wanted): Promise<FoundServer> {
  const { dataDirectory, pid, app } = wanted;
  const servers = await liveServers(dataDirectory);
  const meant = servers.filter(({ client }) => pid === undefined || client.pid === pid);
  if (meant.length === 0) throw notFound(wanted, servers);
  const having = meant.filter(({ told }) => app === undefined || namesOf(told).includes(app));
  const [server, ...others] = having;
  if (server === undefined) throw withoutApp(meant, app as string);
  if (others.length > 0) throw ambiguous(having, app);
  const { client, told } = server;
  if (told instanceof Error) throw untold(client, told);
  return { client, status: told };
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
      const client = new ControlClient(dataDirectory, pid);
      const reply = await client.ask('GET', '/status');
      if (isGone(reply)) return undefined;
      return {
        client,
        told: 'body' in reply ? (reply.body as ServerStatus) : 'error' in reply ? reply.error : new Error(),
      };
    }),
  );
  return servers.filter((server) => server !== undefined);
}

function namesOf(told: LiveServer['told']): string[] {
  return told instanceof Error ? [] : told.apps.map(({ name }) => name);
}

function notFound({ dataDirectory, pid }: Wanted, servers: readonly LiveServer[]): StartError {
  const which = pid === undefined ? 'no server' : `no server ${pid}`;
  const others = servers.length === 0 ? '' : `; there is ${describe(servers)}`;
  return new StartError({
    code: 'SERVER_NOT_FOUND',
    message: `${which} of this host runs with the data directory ${dataDirectory}${others}`,
    cure: 'start one, or name the data directory of the one that runs with --data-directory',
  });
}

function ambiguous(servers: readonly LiveServer[], app: string | undefined): StartError {
  const what = app === undefined ? 'run with this data directory' : `have an app ${app}`;
  return new StartError({
    code: 'SERVER_AMBIGUOUS',
    message: `several servers ${what}: ${describe(servers)}`,
    cure: `name one of them, such as --server=${servers[0]?.client.pid}`,
  });
}

function withoutApp(servers: readonly LiveServer[], app: string): StartError {
  for (const { client, told } of servers) if (told instanceof Error) return untold(client, told);
  const names = servers.flatMap(({ told }) => namesOf(told));
  const near = suggest(app, names);
  return new StartError({
    code: 'APP_UNKNOWN',
    message: `there is no app ${app}; there is ${describe(servers)}`,
    cure: near === undefined ? 'name one of those' : `did you mean ${near}?`,
  });
}

function untold(client: ControlClient, error: NodeJS.ErrnoException): StartError {
  return error.code === 'EACCES'
    ? notAllowed(`the control socket of server ${client.pid} may not be opened by this user`)
    : client.silent(error.message);
}

/** `server 12 (blog, shop), server 34 (blog)`. */
function describe(servers: readonly LiveServer[]): string {
  const sorted = [...servers].sort((one, other) => one.client.pid - other.client.pid);
  return sorted
    .map(({ client, told }) => `server ${client.pid} (${told instanceof Error ? told.code : namesOf(told).join(', ')})`)
    .join(', ');
}

function notAllowed(message: string): StartError {
  return new StartError({ code: 'SERVER_NOT_ALLOWED', message, cure: 'run the command as the user of the server' });
}
