/** The applications of test/fixtures/http, and Node's own HTTP client as a second opinion on what is on the wire. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type Agent, type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http';
import { join } from 'node:path';
import { ROOT, type RunningServer, serve } from './server.ts';
import { needs } from './tools.ts';

const FOLDER = join(ROOT, 'test/fixtures/http');

export const LANGUAGES = [
  { language: 'Python', file: 'app.py', needed: needs('python3', 'mkfifo') },
  { language: 'TypeScript', file: 'app.ts', needed: needs('mkfifo') },
] as const;

/** Serves `app.py` or `app.ts`. */
export function serveHttpApp(file: string, ...args: string[]): Promise<RunningServer & { port: number }> {
  return serve(join(FOLDER, file), args);
}

export interface Bulk {
  readonly path: string;
  readonly agent?: Agent;
  /** Without a Content-Length among them, the body goes out chunked. */
  readonly headers?: OutgoingHttpHeaders;
  /** The request's body. */
  readonly body?: Iterable<Uint8Array>;
}

/** One request by node:http: a POST where there is a body; waits where the server takes no more for now. */
export async function send(port: number, { path, agent, headers = {}, body }: Bulk): Promise<IncomingMessage> {
  const method = body === undefined ? 'GET' : 'POST';
  const outgoing = request({ host: '127.0.0.1', port, path, method, headers, agent: agent ?? false });
  const answered = once(outgoing, 'response');
  for (const piece of body ?? []) if (!outgoing.write(piece)) await Promise.race([once(outgoing, 'drain'), answered]);
  outgoing.end();
  const [answer] = (await answered) as [IncomingMessage];
  return answer;
}

/** The whole body of an answer. @throws where it is cut */
export async function readAll(answer: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of answer) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

/** The size and SHA-256 of an answer's body, none of which is kept, in the form of the apps' `/digest`. @throws where it is cut */
export async function digestOf(pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<string> {
  const sum = createHash('sha256');
  let size = 0;
  for await (const piece of pieces) {
    sum.update(piece);
    size += piece.length;
  }
  return `${size} ${sum.digest('hex')}`;
}

/** `count` pieces of 64 KiB, as the apps' `/pieces?COUNT` gives them. */
export function* pieces(count: number): Generator<Uint8Array> {
  const piece = Uint8Array.from({ length: 65536 }, (_, at) => at % 256);
  for (let sent = 0; sent < count; sent++) yield piece;
}
