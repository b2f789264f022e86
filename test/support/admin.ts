/** The admin listener of a server, asked as Prometheus and an operator ask it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AppsServer, serveApps } from './apps.ts';
import { Folder } from './folder.ts';
import { ROOT, type RunningServer, type RunOptions } from './server.ts';
import { type Answer, ask, get } from './wire.ts';

export const OBSERVED: string = readFileSync(join(ROOT, 'test/fixtures/observe/app.py'), 'utf8');

/** A server of several apps, its apps directory and the port of its admin listener. */
export interface Observed extends AsyncDisposable {
  readonly server: AppsServer;
  readonly folder: Folder;
  readonly port: number;
  readonly admin: number;
}

/** Serves these files as an apps directory. */
export async function observe(
  files: Readonly<Record<string, string>>,
  args: readonly string[] = [],
  options: RunOptions = {},
): Promise<Observed> {
  const folder = new Folder(files);
  try {
    const server = await serveApps(folder.path, args, options);
    return {
      server,
      folder,
      port: server.port,
      admin: await adminPort(server),
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

/** The port of the admin listener. */
export async function adminPort(server: RunningServer): Promise<number> {
  const { adminUrls } = await server.record(({ kind }) => kind === 'ready', 'the ready record');
  return Number(new URL((adminUrls as string[])[0] as string).port);
}

/** Status and body of a GET of the admin listener. */
export async function admin(port: number, path: string, ...headers: string[]): Promise<Answer & { text: string }> {
  const answer = await ask(port, get(path, ...headers));
  return { ...answer, text: answer.body.toString() };
}

/** One scrape. */
export async function scrape(port: number): Promise<Scrape> {
  const { status, text } = await admin(port, '/metrics');
  if (status !== 200) throw new Error(`/metrics was answered ${status}: ${text}`);
  return new Scrape(text);
}

type Labels = Readonly<Record<string, string>>;

/** The samples of a scrape. */
export class Scrape {
  readonly text: string;
  readonly samples: readonly { readonly name: string; readonly labels: Labels; readonly value: number }[];

  constructor(text: string) {
    this.text = text;
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    this.samples = lines.map((line) => {
      const [, name = '', labels = '', value] = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
      const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, text]) => [key, text]);
      return { name, labels: Object.fromEntries(pairs) as Labels, value: Number(value) };
    });
  }

  /** Each series by its name and labels. */
  get series(): Map<string, number> {
    return new Map(this.samples.map(({ name, labels, value }) => [`${name}${JSON.stringify(labels)}`, value]));
  }

  /** The one sample with these labels. @throws where there is none, or several */
  value(name: string, labels: Labels = {}): number {
    const found = this.#matching(name, labels);
    if (found.length !== 1) throw new Error(`${found.length} samples of ${name}${JSON.stringify(labels)}`);
    return (found[0] as (typeof found)[number]).value;
  }

  /** All that have these labels, added up. */
  sum(name: string, labels: Labels = {}): number {
    return this.#matching(name, labels).reduce((sum, { value }) => sum + value, 0);
  }

  #matching(name: string, labels: Labels) {
    const fits = (has: Labels) => Object.entries(labels).every(([key, value]) => has[key] === value);
    return this.samples.filter((sample) => sample.name === name && fits(sample.labels));
  }
}
