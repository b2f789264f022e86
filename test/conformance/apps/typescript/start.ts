/** startResponse: when it is called, how often, and with an error (PEP 3333, "The start_response() Callable"). */
import type { Body as AppBody, Environ, StartResponse } from 'stillhouse';
import { type Apps, Body, Broken, fail, plain, record, sized, TEXT, waitAtGate } from './common.ts';

/** Calls startResponse a second time, where that is an error; what it throws is recorded, and thrown. */
function again(environ: Environ, startResponse: StartResponse, ...rest: [] | [undefined]): void {
  try {
    startResponse('202 Second', [TEXT, ['X-Second', 'yes']], ...rest);
  } catch (error) {
    record(environ, 'raised');
    throw error;
  }
  record(environ, 'returned');
}

function replaced(startResponse: StartResponse): string {
  fail(startResponse, '503 Replaced');
  return 'replaced';
}

function firstRaised(startResponse: StartResponse): void {
  try {
    startResponse('200 OK', [['X-Bad', 'a\r\nb']]);
  } catch {
    // As the case wants it.
  }
}

/** startResponse with an error after the head was sent: records what comes of it. */
function tooLate(environ: Environ, startResponse: StartResponse): void {
  const trapped = new Broken('trapped by the application');
  try {
    startResponse('500 Too Late', [TEXT], trapped);
  } catch (error) {
    record(environ, 'raised');
    record(environ, error === trapped ? 'the same' : 'another');
    throw error;
  }
  record(environ, 'returned');
}

async function* late(startResponse: StartResponse, ...first: string[]): AsyncGenerator<string> {
  yield* first;
  plain(startResponse, '201 Created');
  yield 'late';
}

class StartInIter implements AsyncIterable<string> {
  readonly #startResponse: StartResponse;

  constructor(_: Environ, startResponse: StartResponse) {
    this.#startResponse = startResponse;
  }

  [Symbol.asyncIterator](): AsyncIterator<string> {
    return late(this.#startResponse);
  }
}

async function* one(chunk: string): AsyncGenerator<string> {
  yield chunk;
}

export const START: Apps = {
  'start-in-call': (_, startResponse) => {
    startResponse('299 Quite Fine', [TEXT, ['X-First', '1'], ['X-Second', '2']]);
    return ['hello'];
  },
  'start-in-next': (_, startResponse) => late(startResponse),
  'start-after-empty': (_, startResponse) => late(startResponse, ''),
  'start-in-iter': (environ, startResponse) => new StartInIter(environ, startResponse),
  'start-never': () => ['a body without a head'],
  'start-never-generator': () => one('a body without a head'),
  'start-never-empty': () => [],
  'start-none': (_, startResponse) => {
    startResponse('200 OK', [TEXT], undefined);
    return ['hello'];
  },
  'start-returns-write': (environ, startResponse) => {
    record(environ, typeof plain(startResponse) === 'function' ? 'callable' : 'not callable');
    return ['hello'];
  },
  'start-then-wait': async (environ, startResponse) => {
    plain(startResponse);
    await waitAtGate(environ);
    return [replaced(startResponse)];
  },
  'empty-then-wait': (environ, startResponse) => {
    async function* chunks() {
      plain(startResponse);
      yield '';
      await waitAtGate(environ);
      yield replaced(startResponse);
    }
    return chunks();
  },
  'empty-length-then-wait': async (environ, startResponse) => {
    sized(startResponse, 0);
    await waitAtGate(environ);
    async function* chunks() {
      try {
        fail(startResponse, '503 Replaced');
      } catch (error) {
        record(environ, 'raised');
        throw error;
      }
      yield 'replaced';
    }
    return chunks();
  },
  'only-empty': (_, startResponse) => {
    plain(startResponse);
    return ['', ''];
  },
  'chunk-then-wait': (environ, startResponse) => {
    async function* chunks() {
      plain(startResponse);
      yield 'first,';
      await waitAtGate(environ);
      yield 'second';
    }
    return chunks();
  },
  'start-twice': (environ, startResponse) => {
    plain(startResponse);
    again(environ, startResponse);
    return ['after two heads'];
  },
  'start-twice-none': (environ, startResponse) => {
    plain(startResponse);
    again(environ, startResponse, undefined);
    return ['after two heads'];
  },
  'start-twice-caught': (environ, startResponse) => {
    plain(startResponse);
    try {
      again(environ, startResponse);
    } catch {
      // As the case wants it.
    }
    return ['went on'];
  },
  'start-twice-later': (environ, startResponse) => {
    async function* chunks() {
      plain(startResponse);
      yield 'first,';
      again(environ, startResponse);
      yield 'second';
    }
    return chunks();
  },
  'start-after-raise': (environ, startResponse) => {
    firstRaised(startResponse);
    again(environ, startResponse);
    return ['after two heads'];
  },
  'exc-after-raise': (_, startResponse) => {
    firstRaised(startResponse);
    fail(startResponse);
    return ['sorry'];
  },
  'exc-before-body': (_, startResponse) => {
    startResponse('200 OK', [TEXT, ['X-First', 'yes'], ['Content-Encoding', 'x']]);
    fail(startResponse);
    return ['sorry'];
  },
  'exc-first': (_, startResponse) => {
    fail(startResponse, '503 First');
    return ['first'];
  },
  'exc-twice': (_, startResponse) => {
    plain(startResponse);
    fail(startResponse, '501 Replaced');
    fail(startResponse, '503 Replaced');
    return ['sorry'];
  },
  'exc-in-next': (_, startResponse) => sorry(startResponse, true),
  'exc-first-in-next': (_, startResponse) => sorry(startResponse, false),
  'exc-with-length': (_, startResponse) => {
    sized(startResponse, 1000);
    fail(startResponse, '500 Replaced', ['Content-Length', '5']);
    return ['sorry'];
  },
  'exc-after-empty-write': async (environ, startResponse) => {
    await plain(startResponse)('');
    try {
      fail(startResponse);
    } catch (error) {
      record(environ, 'raised');
      throw error;
    }
    return ['sorry'];
  },
  'exc-after-chunk': (environ, startResponse) => {
    plain(startResponse);
    return new Body(environ, tooLateChunks(environ, startResponse));
  },
  'exc-after-sized-chunk': (environ, startResponse) => {
    sized(startResponse, 100);
    return tooLateChunks(environ, startResponse);
  },
  'exc-after-write': async (environ, startResponse): Promise<AppBody> => {
    await plain(startResponse)('first,');
    tooLate(environ, startResponse);
    return ['second'];
  },
};

async function* sorry(startResponse: StartResponse, startsFirst: boolean): AsyncGenerator<string> {
  if (startsFirst) plain(startResponse);
  yield '';
  fail(startResponse);
  yield 'sorry';
}

async function* tooLateChunks(environ: Environ, startResponse: StartResponse): AsyncGenerator<string> {
  yield 'first,';
  tooLate(environ, startResponse);
  yield 'second';
}
