/** Bytes changed a little, in ways that mean something to a parser. */
import type { Random } from './random.ts';

const BYTES = [
  '\r',
  '\n',
  ' ',
  '\t',
  ':',
  ';',
  ',',
  '0',
  '3',
  'f',
  '\0',
  '\x7f',
  '\x0b',
  '\xa0',
  '\xff',
  '%',
  '#',
  '"',
  '/',
];
const PIECES = [
  ...['\r\n', '\r\n\r\n', 'Host: a\r\n', 'Content-Length: 3\r\n', 'Transfer-Encoding: chunked\r\n', ' HTTP/1.1\r\n'],
  ...['0\r\n\r\n', '3\r\nabc\r\n', 'Connection: close\r\n', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', ';a=b', 'chunked'],
];
/** Inputs do not grow beyond it. */
const MOST_BYTES = 4000;

type Mutation = (text: string, at: number, random: Random, other: string) => string;

const MUTATIONS: readonly Mutation[] = [
  (text, at, random) => text.slice(0, at) + random.pick(BYTES) + text.slice(at + 1),
  (text, at, random) => text.slice(0, at) + String.fromCharCode(random.below(256)) + text.slice(at + 1),
  (text, at, random) => text.slice(0, at) + random.pick(BYTES) + text.slice(at),
  (text, at, random) => text.slice(0, at) + random.pick(PIECES) + text.slice(at),
  (text, at, random) => text.slice(0, at) + text.slice(at + 1 + random.below(8)),
  (text, at, random) => text.slice(0, at) + text.slice(Math.max(0, at - 1 - random.below(40))),
  (text, at, random, other) => text.slice(0, at) + other.slice(random.below(other.length + 1)),
  (text, at) => text.slice(0, at),
  (text, at) => text.slice(0, at) + swapCase(text.charAt(at)) + text.slice(at + 1),
];

/** `text` with one to four changes. @param other whose end may be put behind its beginning */
export function mutate(text: string, random: Random, other: string): string {
  let changed = text;
  for (let left = 1 + random.below(4); left > 0; left--) {
    changed = random.pick(MUTATIONS)(changed, random.below(changed.length + 1), random, other);
  }
  return changed.slice(0, MOST_BYTES);
}

/** Of ASCII letters: others may leave latin-1. */
function swapCase(letter: string): string {
  return /[A-Za-z]/.test(letter) ? String.fromCharCode(letter.charCodeAt(0) ^ 0x20) : letter;
}
