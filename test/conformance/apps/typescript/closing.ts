/** close() of what an application returns (PEP 3333, "Specification Details"). */
import type { Application, Chunk, Header } from 'stillhouse';
import { type Apps, Body, Broken, type Chunks, plain, record, sized, TEXT, WRONG_CHUNK, waitAtGate } from './common.ts';

const BLOCK = Buffer.alloc(65_536, 'x');

/** A turn of the event loop between the blocks: what else the process does is not kept waiting. */
async function* endless(): AsyncGenerator<Chunk> {
  for (;;) {
    yield BLOCK;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function* raising(...chunks: Chunk[]): AsyncGenerator<Chunk> {
  yield* chunks;
  throw new Broken('in the iterable');
}

interface Closing {
  readonly status?: string;
  readonly length?: number;
  readonly chunks?: () => Chunks;
}

function closes({ status = '200 OK', length, chunks = () => ['one,', 'two'].values() }: Closing = {}): Application {
  const headers: Header[] = length === undefined ? [TEXT] : [TEXT, ['Content-Length', String(length)]];
  return (environ, startResponse) => {
    startResponse(status, headers);
    return new Body(environ, chunks());
  };
}

class Inner extends Body {
  override close(): void {
    record(this.environ, 'close of the iterator');
  }
}

class FailingClose extends Body {
  override close(): void {
    record(this.environ, 'close');
    throw new Broken('in close()');
  }
}

class WaitingClose extends Body {
  override async close(): Promise<void> {
    await waitAtGate(this.environ);
    record(this.environ, 'close');
  }
}

export const CLOSING: Apps = {
  close: closes(),
  'close-sized': closes({ length: 7 }),
  'close-empty': closes({ chunks: () => [] }),
  'close-no-content': closes({ status: '204 No Content', chunks: () => [] }),
  'close-not-modified': closes({ status: '304 Not Modified', chunks: () => [] }),
  'close-raising': closes({ chunks: () => raising('first,') }),
  'close-raising-at-once': closes({ chunks: () => raising() }),
  'close-wrong-chunk': closes({ chunks: () => [WRONG_CHUNK] }),
  'close-late-wrong-chunk': closes({ chunks: () => ['first,', WRONG_CHUNK] }),
  'close-too-long': closes({ length: 5, chunks: () => ['hello', ' and', ' more'].values() }),
  'close-too-short': closes({ length: 50, chunks: () => ['hello'] }),
  'close-endless': closes({ chunks: endless }),
  'close-without-head': (environ) => new Body(environ, ['a body without a head']),
  'close-of-returned': (environ, startResponse) => {
    const inner = new Inner(environ, ['one,', 'two']);
    plain(startResponse);
    return { [Symbol.asyncIterator]: () => inner[Symbol.asyncIterator](), close: () => record(environ, 'close') };
  },
  'close-of-list': (environ, startResponse) => {
    plain(startResponse);
    return Object.assign(['hello'], { close: () => record(environ, 'close') });
  },
  'close-of-generator': (environ, startResponse) => {
    async function* chunks() {
      try {
        yield* endless();
      } finally {
        record(environ, 'close');
      }
    }
    plain(startResponse);
    return chunks();
  },
  'close-order': (environ, startResponse) => {
    function* chunks() {
      for (let number = 0; number < 2; number++) {
        record(environ, `step ${number}`);
        yield `${number},`;
      }
      record(environ, 'exhausted');
    }
    plain(startResponse);
    return new Body(environ, chunks());
  },
  'close-after-write': async (environ, startResponse) => {
    await sized(startResponse, 7)('written');
    return new Body(environ, []);
  },
  'close-fails': (environ, startResponse) => {
    sized(startResponse, 5);
    return new FailingClose(environ, ['hello']);
  },
  'close-fails-unsized': (environ, startResponse) => {
    plain(startResponse);
    return new FailingClose(environ, ['hel', 'lo']);
  },
  'close-fails-too': (environ, startResponse) => {
    plain(startResponse);
    return new FailingClose(environ, raising('first,'));
  },
  'close-waits': (environ, startResponse) => {
    sized(startResponse, 5);
    return new WaitingClose(environ, ['hello']);
  },
  'close-waits-unsized': (environ, startResponse) => {
    plain(startResponse);
    return new WaitingClose(environ, ['hel', 'lo']);
  },
  'close-none': (_, startResponse) => {
    plain(startResponse);
    return ['one,', 'two'].values();
  },
};
