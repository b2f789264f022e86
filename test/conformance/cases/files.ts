import type { Case, Theme } from '../case.ts';
import { PEP } from '../sections.ts';

const CONTENT = '0123456789'.repeat(20_000);
const NORMALLY =
  'if it does yield non-empty bytestrings, that output must be treated normally by the server or gateway (i.e., it must be sent or queued immediately) […] the wsgi.file_wrapper must still return an iterable that wraps read() and close()';
const ITERABLE = 'The callable must return an iterable object';
const POSITION =
  'transmission should begin at the current position within the "file" at the time that transmission begins, and continue until the end is reached, or until Content-Length bytes have been written';
const CLOSE =
  'It may have a close() method, and if so, the iterable returned by wsgi.file_wrapper must have a close() method that invokes the original file-like object’s close() method.';
const ANY =
  'even if the object is not suitable for the platform API, the wsgi.file_wrapper must still return an iterable that wraps read() and close(), so that applications using file wrappers are portable across platforms';

/** A server without wsgi.file_wrapper passes: it is optional, and the application then gives the blocks itself. */
function gives(app: string, what: string, body = CONTENT, level: 'must' | 'should' = 'must', words = ANY): Case {
  return {
    id: app,
    sentence: `${what} arrives.`,
    section: PEP.files,
    level,
    words,
    app,
    sees: { status: 200, body, complete: true, framed: true },
  };
}

function closesFile(app: string, what: string): Case {
  return {
    id: `${app}-closed`,
    sentence: `The file is closed: ${what}.`,
    section: PEP.files,
    level: 'may',
    words: CLOSE,
    app,
    allows: [
      { outcome: 'closed', status: 200, records: ['close'] },
      { outcome: 'no wrapper', recorded: ['no wrapper'] },
    ],
  };
}

export const FILES: Theme = {
  title: 'wsgi.file_wrapper',
  cases: [
    gives('file', 'A file of 200 KB'),
    gives('file-block-size', 'A file in blocks of 1,000 bytes'),
    gives('file-bytes-io', 'A file in memory, without a descriptor'),
    gives('file-read-only', 'A file that has nothing but read(size)', 'two blocks'),
    gives('file-empty', 'An empty file', ''),
    gives('file-at-end', 'A file that stands at its end', '', 'should', POSITION),
    gives('file-offset', 'A file from where it stands', CONTENT.slice(100_003), 'should', POSITION),
    gives('file-bytes-io-offset', 'A file in memory from where it stands', CONTENT.slice(100_003), 'should', POSITION),
    gives(
      'file-buffered',
      'A file of which some was read, from where it stands and not its descriptor',
      CONTENT.slice(7),
      'should',
      POSITION,
    ),
    gives('file-length', 'A file up to Content-Length', CONTENT.slice(3, 100_008), 'should', POSITION),
    gives('file-length-whole', 'A file with its Content-Length'),
    gives(
      'file-bytes-io-length',
      'A file in memory up to Content-Length',
      CONTENT.slice(0, 100_005),
      'should',
      POSITION,
    ),
    gives('file-watched', 'A file-like object of the application', CONTENT.slice(7)),
    gives('file-watched-descriptor', 'A file-like object with a descriptor', CONTENT.slice(7), 'should', POSITION),
    gives('file-after-write', 'A file behind what was written', 'written,and a file', 'must', NORMALLY),
    gives('file-inside', 'A wrapper within another iterable', 'begin,0123456789', 'must', ITERABLE),
    gives('file-iterated', 'What middleware makes of a wrapper', '0123456789', 'must', ITERABLE),
    gives(
      'file-unused',
      'The body of an application that does not return its wrapper',
      'another body',
      'must',
      'must not perform any data transmission until and unless the server/gateway actually receives the iterable as a return value from the application',
    ),
    closesFile('file-watched', 'at the end of the response'),
    closesFile('file-watched-length', 'at Content-Length'),
    closesFile('file-watched-descriptor', 'where it has a descriptor'),
    closesFile('file-inside', 'by the close() of what it is within'),
    {
      ...(closesFile('file-has-close', 'by the wrapper’s own close()') as Case & { level: 'may' }),
      id: 'file-wrapper-has-close',
    },
    {
      id: 'file-short',
      sentence: 'A file that is shorter than its Content-Length does not look whole.',
      section: PEP.length,
      level: 'should',
      words:
        'if the application does not provide enough data to meet its stated Content-Length, the server should close the connection',
      app: 'file-short',
      sees: [{ status: 200, complete: false }, { status: 'failure' }],
    },
    {
      id: 'file-head',
      sentence: 'A HEAD of a file has no body.',
      section: 'RFC 9110, 9.3.2',
      level: 'must',
      words: 'The HEAD method is identical to GET except that the server MUST NOT send content in the response.',
      app: 'file-length',
      request: { method: 'HEAD' },
      sees: { status: 200, framed: true },
    },
    {
      id: 'file-http-1-0',
      sentence: 'A file reaches a client of HTTP/1.0.',
      section: PEP.files,
      level: 'must',
      app: 'file',
      request: { version: 'HTTP/1.0' },
      sees: { status: 200, headers: { 'transfer-encoding': undefined }, body: CONTENT, complete: true },
    },
  ],
};
