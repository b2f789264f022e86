/** Content-Length, and responses that have no body (PEP 3333, "Handling the Content-Length Header"; RFC 9110, 6.4.1). */
import type { Application, Header } from 'stillhouse';
import { type Apps, Body, plain, record, sized, TEXT } from './common.ts';

const length = (size: number, name = 'Content-Length'): Header[] => [[name, String(size)]];

/** An application with this head and these chunks; `lazy` gives them by an iterator. */
function gives(status: string, headers: readonly Header[], chunks: readonly string[], lazy?: 'lazy'): Application {
  return (_, startResponse) => {
    startResponse(status, [TEXT, ...headers]);
    return lazy === undefined ? [...chunks] : chunks.values();
  };
}

const OK = '200 OK';
const NO_CONTENT = '204 No Content';
const NOT_MODIFIED = '304 Not Modified';

export const LENGTHS: Apps = {
  'length-list': gives(OK, length(5), ['hello']),
  'length-list-of-many': gives(OK, length(5), ['he', '', 'llo']),
  'length-generator': gives(OK, length(5), ['he', 'llo'], 'lazy'),
  'length-in-capitals': gives(OK, length(5, 'CONTENT-LENGTH'), ['he', 'llo'], 'lazy'),
  'length-zero': gives(OK, length(0), []),
  'length-zero-generator': gives(OK, length(0), [''], 'lazy'),
  'long-list': gives(OK, length(5), ['hel', 'lo and', ' more']),
  'long-chunk': gives(OK, length(5), ['hello and more']),
  'long-zero': gives(OK, length(0), ['hello']),
  'short-list': gives(OK, length(50), ['hello']),
  'short-generator': gives(OK, length(50), ['he', 'llo'], 'lazy'),
  'short-empty': gives(OK, length(50), []),
  'no-content': gives(NO_CONTENT, [], []),
  'no-content-length': gives(NO_CONTENT, length(0), []),
  'no-content-body': gives(NO_CONTENT, [], ['hello']),
  'no-content-sized-body': gives(NO_CONTENT, length(5), ['hello']),
  'no-content-generator': gives(NO_CONTENT, [], ['he', 'llo'], 'lazy'),
  'not-modified': gives(NOT_MODIFIED, [['ETag', '"x"']], []),
  'not-modified-length': gives(NOT_MODIFIED, length(42), []),
  'not-modified-body': gives(NOT_MODIFIED, [], ['hello']),
  'not-modified-sized-body': gives(NOT_MODIFIED, length(5), ['hello']),
  'reset-content': gives('205 Reset Content', length(0), []),
  'interim-100': gives('100 Interim', [], []),
  'interim-101': gives('101 Interim', [], []),
  'interim-103': gives('103 Interim', [], []),
  'short-write': async (_, startResponse) => {
    await sized(startResponse, 50)('hello');
    return [];
  },
  'long-generator': (environ, startResponse) => {
    function* chunks() {
      for (const [number, chunk] of ['he', 'llo and', ' more', ' and more'].entries()) {
        record(environ, `step ${number}`);
        yield chunk;
      }
    }
    sized(startResponse, 5);
    return new Body(environ, chunks());
  },
  'head-aware': (environ, startResponse) => {
    plain(startResponse);
    return environ.REQUEST_METHOD === 'HEAD' ? [] : ['hello'];
  },
  'head-sized': (environ, startResponse) => {
    sized(startResponse, 5);
    return environ.REQUEST_METHOD === 'HEAD' ? [] : ['hello'];
  },
  'head-written': async (_, startResponse) => {
    await sized(startResponse, 5)('hello');
    return [];
  },
  'head-method': (environ, startResponse) => {
    record(environ, environ.REQUEST_METHOD);
    sized(startResponse, 5);
    return new Body(environ, ['hello']);
  },
};
