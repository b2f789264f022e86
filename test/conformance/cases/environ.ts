import assert from 'node:assert/strict';
import type { Case, Request, Theme } from '../case.ts';
import { PEP } from '../sections.ts';
import { FIELDS } from './fields.ts';
import { has, headers } from './has.ts';
import { ANSWERS } from './targets.ts';

const OWN_WORDS: Readonly<Record<string, string>> = {
  QUERY_STRING: 'The portion of the request URL that follows the "?", if any. May be empty or absent.',
  CONTENT_TYPE: 'The contents of any Content-Type fields in the HTTP request. May be empty or absent.',
  CONTENT_LENGTH: 'The contents of any Content-Length fields in the HTTP request. May be empty or absent.',
};

/** What a server adds beyond the client's words, and that it may leave out where it is empty. */
function hasOrOmits(id: string, sentence: string, key: string, value: string, request: Request = {}): Case {
  return {
    id: `environ-${id}`,
    sentence,
    section: PEP.environ,
    level: 'may',
    words:
      OWN_WORDS[key] ??
      'must be present, unless their value would be an empty string, in which case they may be omitted',
    app: 'environ',
    request,
    allows: [
      { outcome: 'there', status: 200, json: { [key]: value } },
      { outcome: 'omitted', status: 200, json: { [key]: undefined } },
    ],
  };
}

const NATIVE = 'It is a violation of this specification for any CGI variable’s value to be of any type other than str.';

const about = (
  id: string,
  sentence: string,
  json: Readonly<Record<string, unknown>>,
  words: string,
  section: string = PEP.environ,
): Case => ({
  ...has(id, sentence, json, { target: '/caf%C3%A9%ff?q=1', ...headers('X-Name: caf\xe9', 'Cookie: a=1') }),
  section,
  words,
});

export const ENVIRON: Theme = {
  title: 'environ',
  cases: [
    about(
      'is-dict',
      'The environ is a plain dictionary, no subclass and no emulation.',
      { 'is dict': true },
      'This object must be a builtin Python dictionary (not a subclass, UserDict or other dictionary emulation)',
      PEP.details,
    ),
    about(
      'positional',
      'The application is called with two positional arguments.',
      { positional: true },
      'A server or gateway must invoke the application object using positional (not keyword) arguments.',
      PEP.details,
    ),
    about('keys', 'Every key is a native string.', { 'keys are native': true }, NATIVE),
    about('native', 'Every CGI variable is a native string.', { 'not native': [] }, NATIVE),
    about(
      'latin-1',
      'No CGI variable has a character beyond latin-1, whatever the client sends.',
      { 'not latin-1': [] },
      'servers and gateways must not supply strings to an application containing any other Unicode characters',
      PEP.unicode,
    ),
    about(
      'version',
      'wsgi.version is the tuple (1, 0).',
      { version: [1, 0], 'version is tuple': true },
      'The tuple (1, 0), representing WSGI version 1.0.',
    ),
    about(
      'scheme',
      'wsgi.url_scheme is http.',
      { 'wsgi.url_scheme': 'http', 'scheme is native': true },
      'A string representing the "scheme" portion of the URL at which the application is being invoked.',
    ),
    about(
      'flags',
      'wsgi.multithread, wsgi.multiprocess and wsgi.run_once are there.',
      { flags: ['multithread', 'multiprocess', 'run_once'] },
      'and must contain the following WSGI-defined variables',
    ),
    about(
      'run-once',
      'wsgi.run_once is false in a server that runs on.',
      { 'run once': false },
      'Normally, this will only be true for a gateway based on CGI (or something similar).',
    ),
    about(
      'input',
      'wsgi.input has read, readline, readlines and iteration.',
      { input: ['read', 'readline', 'readlines', '__iter__'] },
      'The methods listed in the table above must be supported by all servers conforming to this specification.',
      PEP.streams,
    ),
    about(
      'errors',
      'wsgi.errors has flush, write and writelines.',
      { errors: ['flush', 'write', 'writelines'] },
      'The methods listed in the table above must be supported by all servers conforming to this specification.',
      PEP.streams,
    ),
    {
      ...about(
        'own-names',
        'What the server adds of its own has names of lower-case letters, digits, dots and underscores.',
        { 'badly named': [] },
        'These variables should be named using only lower-case letters, numbers, dots, and underscores',
      ),
      level: 'should',
    } as Case,
    has('protocol-1-1', 'SERVER_PROTOCOL is HTTP/1.1 where the client says so.', { SERVER_PROTOCOL: 'HTTP/1.1' }),
    has(
      'protocol-1-0',
      'SERVER_PROTOCOL is HTTP/1.0 where the client says so.',
      { SERVER_PROTOCOL: 'HTTP/1.0' },
      { version: 'HTTP/1.0' },
    ),
    has(
      'no-host',
      'A client of HTTP/1.0 need send no Host, and then there is no HTTP_HOST.',
      { HTTP_HOST: undefined },
      { version: 'HTTP/1.0', host: undefined },
    ),
    has(
      'host',
      'HTTP_HOST is the Host of the request.',
      { HTTP_HOST: 'example.test:8123' },
      { host: 'example.test:8123' },
    ),
    {
      id: 'environ-server',
      sentence: 'SERVER_NAME and SERVER_PORT are there, not empty, and strings.',
      section: PEP.environ,
      level: 'must',
      words: 'SERVER_NAME and SERVER_PORT are required strings and must never be empty.',
      app: 'environ',
      async run(talk) {
        for (const request of [{}, { host: 'example.test:8123' }, { version: 'HTTP/1.0', host: undefined }]) {
          const { SERVER_NAME, SERVER_PORT } = JSON.parse((await talk.ask(request)).body.toString()) as Record<
            string,
            unknown
          >;
          assert.ok(typeof SERVER_NAME === 'string' && SERVER_NAME !== '', `SERVER_NAME ${SERVER_NAME}`);
          assert.match(String(SERVER_PORT), /^[0-9]+$/);
          assert.equal(typeof SERVER_PORT, 'string');
        }
      },
    },
    {
      id: 'environ-server-port',
      sentence: 'SERVER_PORT is the port of the server, or that of Host.',
      section: PEP.environ,
      level: 'may',
      words: 'When HTTP_HOST is not set, these variables can be combined to determine a default.',
      app: 'environ',
      async run(talk) {
        const answer = await talk.ask({ host: 'example.test:8123' });
        const port = (JSON.parse(answer.body.toString()) as Record<string, unknown>).SERVER_PORT;
        assert.ok(port === String(talk.target.port) || port === '8123', `SERVER_PORT ${port}`);
        return port === '8123' ? 'of Host' : 'its own';
      },
    },
    {
      id: 'environ-url',
      sentence: 'The URL of a request can be put together again by the PEP’s way.',
      section: PEP.url,
      level: 'must',
      app: 'reconstructed',
      request: { target: '/caf%C3%A9/x?a=1&b=%20', host: 'example.test:8123' },
      sees: { status: 200, body: 'http://example.test:8123/caf%C3%A9/x?a=1&b=%20' },
    },
    {
      id: 'environ-url-no-host',
      sentence: 'The URL of a request without Host leads to the server.',
      section: PEP.url,
      level: 'must',
      words: 'When HTTP_HOST is not set, these variables can be combined to determine a default.',
      app: 'reconstructed',
      async run(talk) {
        const { body } = await talk.ask({ version: 'HTTP/1.0', host: undefined, target: '/x' });
        const port = talk.target.port === 80 ? '' : `:${talk.target.port}`;
        assert.match(body.toString(), new RegExp(`^http://[^/:]+${port}/x$`));
      },
    },
    hasOrOmits('script-name', 'SCRIPT_NAME is empty, or left out, for an application at the root.', 'SCRIPT_NAME', ''),
    hasOrOmits('query-none', 'QUERY_STRING is empty, or left out, where there is no query.', 'QUERY_STRING', ''),
    hasOrOmits('query-empty', 'QUERY_STRING is empty, or left out, where the query is empty.', 'QUERY_STRING', '', {
      target: '/?',
    }),
    hasOrOmits('no-type', 'CONTENT_TYPE is empty, or left out, where there is none.', 'CONTENT_TYPE', ''),
    hasOrOmits('no-length', 'CONTENT_LENGTH is empty, or left out, where there is none.', 'CONTENT_LENGTH', ''),
    has(
      'query',
      'QUERY_STRING is what follows the first question mark, as it came.',
      { PATH_INFO: '/p', QUERY_STRING: 'a=%20b&c=+?/' },
      { target: '/p?a=%20b&c=+?/' },
    ),
    has(
      'type',
      'CONTENT_TYPE is the Content-Type of the request, and has no HTTP_ twin that says else.',
      { CONTENT_TYPE: 'a/b; c=d' },
      { ...headers('Content-Type: a/b; c=d', 'Content-Length: 2'), body: 'ab' },
    ),
    has(
      'length',
      'CONTENT_LENGTH is the Content-Length of the request.',
      { CONTENT_LENGTH: '2' },
      { ...headers('content-length: 2'), body: 'ab' },
    ),
    has(
      'length-zero',
      'CONTENT_LENGTH is 0 where the client says so.',
      { CONTENT_LENGTH: '0' },
      { method: 'POST', ...headers('Content-Length: 0') },
    ),
    has('no-remote-user', 'REMOTE_USER is left out where nobody has logged in.', { REMOTE_USER: undefined }),
    {
      id: 'environ-remote-addr',
      sentence: 'REMOTE_ADDR, a CGI variable that applies to every request, is the client’s address.',
      section: PEP.environ,
      level: 'should',
      words: 'A server or gateway should attempt to provide as many other CGI variables as are applicable.',
      app: 'environ',
      async run(talk) {
        const wire = await talk.open();
        const { localAddress } = wire.socket;
        const { body } = await wire.send(talk.bytes()).answer();
        const seen = (JSON.parse(body.toString()) as Record<string, unknown>).REMOTE_ADDR;
        // A server behind a network's own translation sees another address.
        assert.ok(
          talk.target.host !== '127.0.0.1' ? typeof seen === 'string' : seen === localAddress,
          `REMOTE_ADDR ${seen}`,
        );
      },
    },
    ...(['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'PROPFIND'] as const).map((method) =>
      has(
        `method-${method.toLowerCase()}`,
        `REQUEST_METHOD is ${method}.`,
        { REQUEST_METHOD: method },
        { method, ...headers('Content-Length: 0') },
      ),
    ),
    {
      id: 'environ-method-token',
      sentence: 'A method that nobody knows reaches the application as it came, or is refused with 4xx or 501.',
      section: 'RFC 9110, 9.1',
      level: 'may',
      words:
        'The method token is case-sensitive […] An origin server that receives a request method that is unrecognized or not implemented SHOULD respond with the 501 (Not Implemented) status code.',
      app: 'environ',
      request: { method: 'X-brew~1', ...headers('Content-Length: 0') },
      allows: [
        { outcome: 'there', status: 200, json: { REQUEST_METHOD: 'X-brew~1' } },
        { outcome: 'refused', status: [400, 403, 405, 501] },
      ],
    },
    ...FIELDS,
    {
      id: 'environ-changed',
      sentence: 'An application may change its environ as it likes; the next request has one of its own.',
      section: PEP.details,
      level: 'must',
      words: 'the application is allowed to modify the dictionary in any way it desires',
      app: 'environ-changed',
      async run(talk) {
        const wire = await talk.open();
        assert.equal((await wire.send(talk.bytes()).answer()).body.toString(), 'none');
        assert.equal((await talk.ask()).body.toString(), 'none');
      },
    },
    ...ANSWERS,
  ],
};
