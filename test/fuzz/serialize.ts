/** What was read, written again; and the same text made from the bytes by other means, to hold beside it. */
import type { Seen } from '../unit/http/parse.ts';

/** One request in the one form that it can have: one space behind each colon, the body in one chunk. */
export function serialize({ head, framing, body, trailers = [] }: Seen): string {
  return write(
    `${head.method} ${head.target} ${head.version}`,
    pairs(head.fields),
    framing.length,
    body,
    pairs(trailers),
  );
}

/** The first `count` requests of bytes that are known to be well-formed, each in that form. Knows of no error. */
export function normalize(text: string, count: number): string[] {
  const requests: string[] = [];
  for (let at = 0; requests.length < count; ) {
    const start = text.startsWith('\r\n', at) ? at + 2 : at;
    const end = text.indexOf('\r\n\r\n', start);
    const [line = '', ...lines] = text.slice(start, end).split('\r\n');
    const fields = lines.map(spaced);
    at = end + 4;
    const chunks = fields.some((field) => /^transfer-encoding:/i.test(field)) ? 'chunked' : undefined;
    const length = chunks ?? Number(fields.find((field) => /^content-length:/i.test(field))?.slice(15) ?? 0);
    const read =
      length === 'chunked' ? dechunk(text, at) : { body: text.slice(at, at + length), trailers: [], end: at + length };
    at = read.end;
    requests.push(write(line, fields, length, read.body, read.trailers));
  }
  return requests;
}

function write(line: string, fields: string[], length: number | 'chunked', body: string, trailers: string[]): string {
  const head = [line, ...fields, '', ''].join('\r\n');
  if (length !== 'chunked') return head + body;
  const chunk = body === '' ? '' : `${body.length.toString(16)}\r\n${body}\r\n`;
  return `${head}${chunk}${['0', ...trailers, '', ''].join('\r\n')}`;
}

function dechunk(text: string, from: number): { body: string; trailers: string[]; end: number } {
  let body = '';
  for (let at = from; ; ) {
    const data = text.indexOf('\r\n', at) + 2;
    const size = Number.parseInt(text.slice(at, data), 16);
    if (size === 0) {
      const empty = text.indexOf('\r\n\r\n', data - 2);
      const trailers = empty < data ? [] : text.slice(data, empty).split('\r\n').map(spaced);
      return { body, trailers, end: empty + 4 };
    }
    body += text.slice(data, data + size);
    at = data + size + 2;
  }
}

function pairs(flat: readonly string[]): string[] {
  return Array.from({ length: flat.length / 2 }, (_, at) => `${flat[at * 2]}: ${flat[at * 2 + 1]}`);
}

/** A field line with one space behind its colon, and none behind its value. */
function spaced(line: string): string {
  const colon = line.indexOf(':');
  return `${line.slice(0, colon)}: ${line
    .slice(colon + 1)
    .replace(/^[ \t]+/, '')
    .replace(/[ \t]+$/, '')}`;
}
