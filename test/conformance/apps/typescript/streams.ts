/** wsgi.errors, and tasks of the application's own (PEP 3333, "Input and Error Streams" and "Thread Support"). */
import type { Environ, ErrorStream } from 'stillhouse';
import { type Apps, plain, waitAtGate } from './common.ts';

const LINES = ['conformance: one\n', 'conformance: two\n'];

const COMPLAINTS: Readonly<Record<string, (stream: ErrorStream) => void>> = {
  write: (stream) => stream.write('conformance: written\n'),
  'write-without-end': (stream) => {
    stream.write('conformance: written ');
    stream.write('in parts\n');
  },
  writelines: (stream) => stream.writelines(LINES),
  'writelines-generator': (stream) => stream.writelines(LINES.values()),
  flush: (stream) => {
    stream.write('conformance: flushed\n');
    stream.flush();
  },
  unicode: (stream) => {
    stream.write('conformance: \u20ac \u{1f943}\n');
    stream.flush();
  },
  large: (stream) => stream.write(`conformance: ${'x'.repeat(100_000)}\n`),
  many: (stream) => {
    for (let number = 0; number < 100; number++) stream.write(`conformance: ${number}\n`);
  },
};

/** What `work` gives in another turn of the event loop. */
async function inTask<T>(work: () => T): Promise<Awaited<T>> {
  await new Promise((resolve) => setImmediate(resolve));
  return await work();
}

async function* inTurns(...chunks: string[]): AsyncGenerator<string> {
  for (const chunk of chunks) yield await inTask(() => chunk);
}

function complain(environ: Environ): void {
  environ['wsgi.errors'].write('conformance: from elsewhere\n');
  environ['wsgi.errors'].flush();
}

export const STREAMS: Apps = {
  errors: (environ, startResponse) => {
    COMPLAINTS[environ.QUERY_STRING]?.(environ['wsgi.errors']);
    plain(startResponse);
    return ['complained'];
  },
  'errors-in-body': (environ, startResponse) => {
    function* chunks() {
      yield 'one,';
      complain(environ);
      yield 'two';
    }
    plain(startResponse);
    return chunks();
  },
  /** Waits at its gate, and tells its process and its flags. */
  flags: async (environ, startResponse) => {
    await waitAtGate(environ);
    const [multithread, multiprocess] = [environ['wsgi.multithread'], environ['wsgi.multiprocess']];
    plain(startResponse);
    return [JSON.stringify({ process: process.pid, multithread, multiprocess })];
  },
  'thread-reads': async (environ, startResponse) => {
    const body = await inTask(() => environ['wsgi.input'].read(5));
    plain(startResponse);
    return [body];
  },
  'thread-starts': async (_, startResponse) => {
    await inTask(() => void plain(startResponse, '201 Created'));
    return ['hello'];
  },
  'thread-writes': async (_, startResponse) => {
    const write = plain(startResponse);
    await inTask(() => write('one,'));
    return ['two'];
  },
  'thread-complains': async (environ, startResponse) => {
    await inTask(() => complain(environ));
    plain(startResponse);
    return ['complained'];
  },
  'thread-fills': (_, startResponse) => {
    plain(startResponse);
    return inTurns('one,', 'two,', 'three');
  },
};
