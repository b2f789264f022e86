/** Stillhouse's own engines, as the tests start them: on a port that the kernel gives. */
import { join } from 'node:path';
import { LineProcess } from '../../support/line-process.ts';
import { ROOT, serve } from '../../support/server.ts';
import type { Target } from '../talk.ts';

export type OwnKind = 'python' | 'typescript' | 'makeServer';

export interface OwnServer extends AsyncDisposable {
  readonly target: Target;
}

const APPS = join(ROOT, 'test/conformance/apps');
/** As long as a busy machine may need. */
const PATIENCE_MS = 20_000;

export async function startOwn(kind: OwnKind): Promise<OwnServer> {
  const [server, port] = await (kind === 'makeServer' ? startMakeServer() : startStillhouse(kind));
  const language = kind === 'python' ? 'python' : 'typescript';
  const target: Target = { host: '127.0.0.1', gateHost: '127.0.0.1', port, language, patience: PATIENCE_MS };
  return { target, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

async function startStillhouse(kind: 'python' | 'typescript'): Promise<[AsyncDisposable, port: number]> {
  const file = `conformance_app.${kind === 'python' ? 'py' : 'ts'}`;
  const server = await serve(`${file}:application`, ['--graceful-timeout=1'], { cwd: APPS });
  return [server, server.port];
}

async function startMakeServer(): Promise<[AsyncDisposable, port: number]> {
  const runner = join(ROOT, 'test/support/run-make-server.ts');
  const child = new LineProcess(process.execPath, [runner, join(APPS, 'conformance_app.ts')]);
  return [child, Number((await child.line(/^listening on \d+$/)).slice('listening on '.length))];
}
