/** The kinds of requests, as bytes made ahead, each with the answer that it must get. */
import { PATTERN, PIECE_BYTES, partsOf } from './pattern.ts';
import type { Random } from './random.ts';

export const KINDS = ['json', 'head', 'echo', 'upload', 'chunked', 'sleep', 'stream', 'error', 'down'] as const;
export type Kind = (typeof KINDS)[number];

/** One request and its answer. */
export interface Exchange {
  readonly kind: Kind;
  readonly isHead: boolean;
  readonly head: Buffer;
  /** Sent after the head; part of `head` where it is small. */
  readonly body: Buffer | undefined;
  readonly status: number;
  /** The body of the answer in parts; undefined where the server chooses it. */
  readonly answer: readonly Buffer[] | undefined;
  /** The Content-Length of the answer to a HEAD. */
  readonly headLength: number | undefined;
}

export interface Sizes {
  readonly uploadBytes: number;
  readonly downBytes: number;
  readonly streamPieces: number;
  readonly sleepMs: number;
}

export const SIZES: Sizes = { uploadBytes: 307_200, downBytes: 102_400, streamPieces: 200, sleepMs: 20 };

/** Exchanges of each kind, used in turn: more than are open at a time, so that two swapped answers differ. */
const VARIANTS = 512;
const CHUNKS = 5;
const CHUNK_BYTES = 1024;
const NONE = Buffer.alloc(0);
const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** Makes the exchanges of a kind. @param fields further lines of each request's head, such as `Connection: close` */
export function makeExchanges(kind: Kind, sizes: Sizes, fields: readonly string[], random: Random): Exchange[] {
  return Array.from({ length: VARIANTS }, (_, variant) => {
    const id = KINDS.indexOf(kind) * VARIANTS + variant;
    return { kind, isHead: false, body: undefined, headLength: undefined, ...MAKERS[kind](id, sizes, fields, random) };
  });
}

type Made = Pick<Exchange, 'head' | 'status' | 'answer'> & Partial<Exchange>;
type Maker = (id: number, sizes: Sizes, fields: readonly string[], random: Random) => Made;

const MAKERS: Readonly<Record<Kind, Maker>> = {
  json(id, _, fields, random) {
    const { path, answer } = jsonOf(id, random);
    return { head: head('GET', path, fields), status: 200, answer: [answer] };
  },
  head(id, _, fields, random) {
    const { path, answer } = jsonOf(id, random);
    return { isHead: true, head: head('HEAD', path, fields), status: 200, answer: [NONE], headLength: answer.length };
  },
  echo(id, _, fields, random) {
    const body = Buffer.from(`${id} ${textOf(20 + random.below(180), random)}`);
    const length = `Content-Length: ${body.length}`;
    return { head: join(head('POST', `/echo?id=${id}`, [...fields, length]), body), status: 200, answer: [body] };
  },
  upload(id, { uploadBytes }, fields) {
    const { path, body, answer } = uploadOf(id, uploadBytes);
    return { head: head('POST', path, [...fields, `Content-Length: ${uploadBytes}`]), body, status: 200, answer };
  },
  chunked(id, _, fields) {
    const { path, body, answer } = uploadOf(id, CHUNKS * CHUNK_BYTES);
    const chunks = Array.from({ length: CHUNKS }, (_, at) => body.subarray(at * CHUNK_BYTES, (at + 1) * CHUNK_BYTES));
    const framed = chunks.flatMap((chunk) => [Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, CRLF]);
    const parts = [head('POST', path, [...fields, 'Transfer-Encoding: chunked']), ...framed, LAST_CHUNK];
    return { head: join(...parts), status: 200, answer };
  },
  sleep(id, { sleepMs }, fields) {
    const answer = [Buffer.from(`${id} slept\n`)];
    return { head: head('GET', `/sleep?id=${id}&ms=${sleepMs}`, fields), status: 200, answer };
  },
  stream(id, { streamPieces }, fields) {
    const answer = partsOf(String(id), streamPieces * PIECE_BYTES);
    return { head: head('GET', `/stream?id=${id}&pieces=${streamPieces}`, fields), status: 200, answer };
  },
  error(id, _, fields) {
    return { head: head('GET', `/error?id=${id}`, fields), status: 500, answer: undefined };
  },
  down(id, { downBytes }, fields) {
    const answer = partsOf(String(id), downBytes);
    return { head: head('GET', `/down?id=${id}&bytes=${downBytes}`, fields), status: 200, answer };
  },
};

const CRLF = Buffer.from('\r\n');
const LAST_CHUNK = Buffer.from('0\r\n\r\n');

function head(method: string, path: string, fields: readonly string[]): Buffer {
  return Buffer.from([`${method} ${path} HTTP/1.1`, 'Host: traffic', ...fields, '', ''].join('\r\n'), 'latin1');
}

/** 22 to 60 bytes. */
function jsonOf(id: number, random: Random): { path: string; answer: Buffer } {
  const text = textOf(random.below(38), random);
  return { path: `/json?id=${id}&text=${text}`, answer: Buffer.from(`${JSON.stringify({ id, text })}\n`) };
}

function uploadOf(id: number, bytes: number): { path: string; body: Buffer; answer: Buffer[] } {
  const offset = (id * 7919) % (PATTERN.length - bytes);
  return {
    path: `/upload?id=${id}&offset=${offset}`,
    body: PATTERN.subarray(offset, offset + bytes),
    answer: [Buffer.from(`${id} ${bytes} right\n`)],
  };
}

function textOf(length: number, random: Random): string {
  return Array.from({ length }, () => LETTERS[random.below(LETTERS.length)]).join('');
}

function join(...parts: readonly Buffer[]): Buffer {
  return Buffer.concat(parts);
}
