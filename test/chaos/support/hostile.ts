/** Apps whose workers lie, beside one that does not, under load. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type AppsServer, serveApps } from '../../support/apps.ts';
import { Folder } from '../../support/folder.ts';
import { PYTHON, ROOT } from '../../support/server.ts';
import { get, Wire } from '../../support/wire.ts';

export const HOSTILE: string = join(ROOT, 'test/chaos/support/hostile_worker.py');

const GOOD = `
def application(environ, start_response):
    body = environ['wsgi.input'].read() or environ['QUERY_STRING'].encode() * 1000
    start_response('200 OK', [('Content-Length', str(len(body)))])
    return [body]
`;

/** The app.yaml of one whose workers lie. */
export const liar = (more = ''): string => `python: {executable: ${HOSTILE}}\n${more}`;

export interface Hostile extends AsyncDisposable {
  readonly server: AppsServer;
  readonly folder: Folder;
}

/** Serves these apps, whose app.yaml is given, beside `good`. */
export async function serveHostile(
  settings: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): Promise<Hostile> {
  const folder = new Folder({ 'good/app.py': GOOD, 'good/app.yaml': `python: {executable: ${PYTHON}}\n` });
  for (const [name, yaml] of Object.entries(settings)) {
    folder.write(`${name}/app.py`, 'raise SystemExit("nobody imports this")\n');
    folder.write(`${name}/app.yaml`, yaml);
  }
  try {
    const server = await serveApps(folder.path, args);
    return {
      server,
      folder,
      async [Symbol.asyncDispose]() {
        await server[Symbol.asyncDispose]();
        folder[Symbol.dispose]();
      },
    };
  } catch (error) {
    folder[Symbol.dispose]();
    throw error;
  }
}

/** Clients of the good app that keep their connections, and check every byte. */
export class Load implements AsyncDisposable {
  readonly #port: number;
  readonly #clients: Promise<void>[];
  #over = false;
  answered = 0;
  readonly wrong: string[] = [];

  constructor(port: number, clients = 3) {
    this.#port = port;
    this.#clients = Array.from({ length: clients }, (_, client) => this.#run(client));
  }

  async end(): Promise<void> {
    this.#over = true;
    await Promise.all(this.#clients);
    assert.deepEqual(this.wrong, []);
    assert.ok(this.answered > 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over = true;
    await Promise.all(this.#clients);
  }

  async #run(client: number): Promise<void> {
    using wire = await Wire.open(this.#port);
    try {
      for (let turn = 0; !this.#over; turn++) {
        const word = `c${client}-${turn};`;
        const { status, body, complete } = await wire.send(get(`/good/x?${word}`)).answer();
        if (status !== 200 || !complete || body.toString() !== word.repeat(1000))
          this.wrong.push(`${word}: ${status}, ${body.length} bytes`);
        this.answered++;
      }
    } catch (error) {
      this.wrong.push(String(error));
    }
  }
}
