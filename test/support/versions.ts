/** An application that says which version of it answers, and a server of some of them. */

import type { AppStatus, ServerStatus } from '../../src/admin/status.ts';
import { admin, type Observed } from './admin.ts';
import type { LogRecord, RunningServer } from './server.ts';

/** `/` answers the version, `/pid` the worker's; `/hold?FIFO` waits; `/stream?FIFO` has begun by then; `/grow` keeps 64 MiB. */
export function version(name: string): string {
  return `
import os
KEPT = []

def application(environ, start_response):
    path, query = environ['PATH_INFO'], environ['QUERY_STRING']
    if path == '/grow':
        KEPT.append(b'x' * (64 << 20))
    if path == '/hold':
        with open(query) as barrier:
            barrier.read()
    start_response('200 OK', [('Content-Type', 'text/plain')])
    if path == '/stream':
        return stream(query)
    if path == '/length':
        return [b'%d' % len(environ['wsgi.input'].read())]
    return [str(os.getpid()).encode() if path == '/pid' else b'${name}']

def stream(barrier):
    yield b'first '
    with open(barrier) as opened:
        opened.read()
    yield b'last'
`;
}

/** What /status says. */
export async function statusOf(seen: Observed): Promise<ServerStatus> {
  return JSON.parse((await admin(seen.admin, '/status')).text) as ServerStatus;
}

/** What /status says of one app. */
export async function appStatusOf(seen: Observed, name: string): Promise<AppStatus> {
  const app = (await statusOf(seen)).apps.find((each) => each.name === name);
  if (app === undefined) throw new Error(`there is no app ${name}`);
  return app;
}

/** Sends SIGHUP; resolves with the record of what came of it. @throws where none comes */
export function reload(server: RunningServer): Promise<LogRecord> {
  const before = server.records.length;
  server.signal('SIGHUP');
  const isEnd = (kind: string | undefined) => kind === 'reloaded' || kind === 'reload-failed';
  return server.record(
    (record) => isEnd(record.kind) && server.records.indexOf(record) >= before,
    'the end of the reload',
  );
}
