/** What an application may return, and where it may throw (PEP 3333, "Specification Details"). */
import type { Body as AppBody, Application, Chunk, Environ } from 'stillhouse';
import {
  type Apps,
  Body,
  Broken,
  BYTES,
  type Chunks,
  plain,
  record,
  sized,
  WRONG_CHUNK,
  waitAtGate,
} from './common.ts';

/** An application that returns what `make` makes. */
function returns(make: () => unknown): Application {
  return (_, startResponse) => {
    plain(startResponse);
    return make() as AppBody;
  };
}

function* generate(...chunks: Chunk[]): Generator<Chunk> {
  yield* chunks;
}

async function* raising(environ: Environ, ...chunks: Chunk[]): AsyncGenerator<Chunk> {
  yield* chunks;
  record(environ, 'raises');
  throw new Broken('in the iterable');
}

class Bytes extends Uint8Array {}
class List extends Array<Chunk> {}

const large = () => ['a', 'b', 'c'].map((letter) => letter.repeat(500_000));

function* many(): Generator<string> {
  for (let number = 0; number < 2000; number++) yield `${String(number).padStart(4, '0')},`;
}

/** Its own iterator. */
function iterator(chunks: Chunk[], more: object = {}): object {
  const self = {
    next: () => (chunks.length > 0 ? { done: false, value: chunks.shift() } : { done: true, value: undefined }),
    [Symbol.iterator]: () => self,
    ...more,
  };
  return self;
}

/** The body begins and then throws. */
function breaks(make: (environ: Environ) => Chunks, length?: number): Application {
  return (environ, startResponse) => {
    if (length === undefined) startResponse('200 OK', [['Content-Type', 'application/octet-stream']]);
    else sized(startResponse, length);
    return new Body(environ, make(environ));
  };
}

export const BODIES: Apps = {
  'body-list': returns(() => ['hello']),
  'body-list-of-many': returns(() => ['one,', 'two,', 'three']),
  'body-list-subclass': returns(() => List.from(['one,', 'two'])),
  'body-generator': returns(() => generate('one,', 'two')),
  'body-map': returns(() => new Set(['one,', 'two']).values()),
  'body-iterator': returns(() => iterator(['one,', 'two'])),
  'body-iterable': returns(() => ({ [Symbol.iterator]: () => ['one,', 'two'].values() })),
  'body-sized-one': returns(() => iterator(['hello'], { length: 1 })),
  'body-sized-many': returns(() => iterator(['one,', 'two'], { length: 2 })),
  'body-bytes-subclass': returns(() => ['one,', 'two'].map((text) => Bytes.from(Buffer.from(text)))),
  'body-empty-list': returns(() => []),
  'body-empty-generator': returns(() => generate()),
  'body-empty-chunks': returns(() => ['', 'one,', '', '', 'two', '']),
  'body-empty-first-of-two': returns(() => ['', 'whole']),
  'body-empty-chunk': returns(() => ['']),
  'body-bytes-of-all-values': returns(() => [BYTES, Buffer.from('\r\n\n\r\0')]),
  'body-large': returns(large),
  'body-large-generator': returns(() => generate(...large())),
  'body-many': returns(many),
  'body-looks-like-chunks': returns(() => generate('5\r\nhello\r\n', '0\r\n\r\n')),
  'body-none': returns(() => undefined),
  'body-number': returns(() => 7),
  'body-number-chunk': returns(() => [WRONG_CHUNK]),
  'body-late-number-chunk': returns(() => generate('first,', WRONG_CHUNK)),
  'step-by-step': (environ, startResponse) => {
    function* chunks() {
      for (let number = 0; number < 3; number++) {
        record(environ, `step ${number}`);
        yield `${number},`;
      }
    }
    plain(startResponse);
    return new Body(environ, chunks());
  },
  'raise-in-call': () => {
    throw new Broken('before startResponse');
  },
  'raise-after-start': (_, startResponse) => {
    plain(startResponse);
    throw new Broken('after startResponse');
  },
  'raise-in-iter': (environ, startResponse) => {
    plain(startResponse);
    return {
      [Symbol.iterator]: () => {
        throw new Broken('in [Symbol.iterator]');
      },
      close: () => record(environ, 'close'),
    };
  },
  'raise-first': breaks((environ) => raising(environ)),
  'raise-after-empty': breaks((environ) => raising(environ, '', '')),
  'raise-later': breaks((environ) => raising(environ, 'first,')),
  'raise-sized': breaks((environ) => raising(environ, 'first,'), 100),
  'raise-at-length': breaks((environ) => raising(environ, 'first,'), 6),
  'two-waits': (environ, startResponse) => {
    async function* chunks() {
      for (const chunk of ['one,', 'two,', 'three']) {
        yield chunk;
        await waitAtGate(environ);
      }
    }
    plain(startResponse);
    return chunks();
  },
};
