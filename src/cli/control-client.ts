import { request } from 'node:http';
import type { Refusal } from '../admin/control.ts';
import { ReloadFailed, StartError, type StartFailure } from '../errors.ts';
import { controlSocketName } from '../supervisor/data-directory.ts';
import { SocketPath } from '../supervisor/socket-path.ts';

/** More than a front is waited for by its supervisor. */
const PATIENCE_MS = 10_000;

/** What came of a question to a control socket. */
export type Reply =
  | { readonly body: unknown }
  | { readonly refused: Refusal }
  | { readonly error: NodeJS.ErrnoException };

/** What a server answers that is not there any more, or never was: its socket is what a dead run has left. */
const GONE: readonly string[] = ['ECONNREFUSED', 'ENOENT'];

/** One server that runs, at its control socket. */
export class ControlClient {
  readonly pid: number;
  readonly #dataDirectory: string;

  constructor(dataDirectory: string, pid: number) {
    this.pid = pid;
    this.#dataDirectory = dataDirectory;
  }

  /**
   * Asks once. Never rejects.
   * @param patience milliseconds; 0: as long as the server is there
   */
  async ask(method: 'GET' | 'POST', path: string, patience: number = PATIENCE_MS): Promise<Reply> {
    let at: SocketPath;
    try {
      at = await SocketPath.in(this.#dataDirectory, controlSocketName(this.pid));
    } catch (error) {
      return { error: error as NodeJS.ErrnoException };
    }
    await using _ = at;
    const { promise, resolve } = Promise.withResolvers<Reply>();
    const signal = patience === 0 ? undefined : AbortSignal.timeout(patience);
    const options = { socketPath: at.path, method, path, agent: false, ...(signal === undefined ? {} : { signal }) };
    const fail = (error: Error) =>
      resolve({ error: signal?.aborted ? new Error(`nothing came within ${patience / 1000} s`) : error });
    const asked = request(options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => resolve(read(response.statusCode, text)));
      response.on('error', fail);
    });
    asked.on('error', fail);
    asked.end();
    return promise;
  }

  /**
   * Has something done, and returns the answer.
   * @throws StartError SERVER_SILENT, or as the server refuses; ReloadFailed
   */
  async order(path: string, patience?: number): Promise<unknown> {
    const reply = await this.ask('POST', path, patience);
    if ('body' in reply) return reply.body;
    if ('error' in reply) throw this.silent(reply.error.message);
    const { failures } = reply.refused;
    throw path.endsWith('/reload') ? new ReloadFailed(failures) : new StartError(failures[0] as StartFailure);
  }

  silent(why: string): StartError {
    return new StartError({
      code: 'SERVER_SILENT',
      message: `server ${this.pid} did not answer: ${why}`,
      cure: 'try again; if it stays so, see the log of the server',
    });
  }
}

/** Whether no server is there. */
export function isGone(reply: Reply): boolean {
  return 'error' in reply && GONE.includes(reply.error.code ?? '');
}

/** The path of what is done with one app. */
export function pathOf(app: string, action: string): string {
  return `/apps/${encodeURIComponent(app)}/${action}`;
}

function read(code: number | undefined, text: string): Reply {
  try {
    if (code === 200) return { body: JSON.parse(text) };
    if (code === 409) return { refused: JSON.parse(text) as Refusal };
  } catch {
    // Whoever answered is no server of ours.
  }
  return { error: new Error(text.trim()) };
}
