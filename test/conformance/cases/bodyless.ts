import assert from 'node:assert/strict';
import type { Case, Theme } from '../case.ts';
import { PEP } from '../sections.ts';
import { answerOf } from '../talk.ts';

const HEAD = { method: 'HEAD' } as const;
const HEAD_WORDS = 'The HEAD method is identical to GET except that the server MUST NOT send content in the response.';
const LENGTH_WORDS =
  'A server MUST NOT send Content-Length in such a response unless its field value equals the decimal number of octets that would have been sent in the content of a response if the same request had used the GET method.';
const NO_LENGTH_WORDS =
  'A server MUST NOT send a Content-Length header field in any response with a status code of 1xx (Informational) or 204 (No Content). […] A server MUST NOT send a Transfer-Encoding header field in any response with a status code of 1xx (Informational) or 204 (No Content).';
const ENDS =
  'Any response to a HEAD request and any response with a 1xx (Informational), 204 (No Content), or 304 (Not Modified) status code is always terminated by the first empty line after the header fields';

function head(app: string, what: string): Case {
  return {
    id: `head-${app}`,
    sentence: `A HEAD of ${what} has no body.`,
    section: 'RFC 9110, 9.3.2; RFC 9112, 6.3',
    level: 'must',
    words: `${HEAD_WORDS} […] ${ENDS}`,
    app,
    request: HEAD,
    sees: { status: 200, framed: true },
  };
}

const keptLengths = (
  [
    ['length-list', 'a list', '5'],
    ['length-generator', 'a generator', '5'],
    ['head-sized', 'an application that knows HEAD', '5'],
    ['head-written', 'what is written', '5'],
    ['file-length', 'a file', '100005'],
  ] as const
).map(
  ([app, what, length]): Case => ({
    id: `head-${app}-kept`,
    sentence: `A HEAD of ${what} has the Content-Length that the application gave.`,
    section: 'RFC 9110, 9.3.2',
    level: 'should',
    words:
      'The server SHOULD send the same header fields in response to a HEAD request as it would have sent if the request method had been GET.',
    app,
    request: HEAD,
    sees: { status: 200, headers: { 'content-length': length } },
  }),
);

const noContent = (
  [
    ['no-content', 'an empty list'],
    ['no-content-length', 'a Content-Length of 0'],
    ['no-content-body', 'a body'],
    ['no-content-sized-body', 'a body and its Content-Length'],
    ['no-content-generator', 'a generator'],
  ] as const
).flatMap(([app, what]): Case[] => [
  {
    id: app,
    sentence: `204 with ${what} has no body: the next answer follows the head, or the end.`,
    section: 'RFC 9112, 6.3',
    level: 'must',
    words: ENDS,
    app,
    sees: { status: 204, framed: true },
  },
  {
    id: `${app}-framing`,
    sentence: `204 with ${what} has neither Content-Length nor Transfer-Encoding.`,
    section: 'RFC 9110, 8.6; RFC 9112, 6.1',
    level: 'must',
    words: NO_LENGTH_WORDS,
    app,
    sees: { status: 204, headers: { 'content-length': undefined, 'transfer-encoding': undefined } },
  },
]);

const notModified = (
  [
    ['not-modified', 'an empty list'],
    ['not-modified-length', 'the Content-Length of a 200'],
    ['not-modified-body', 'a body'],
    ['not-modified-sized-body', 'a body and its Content-Length'],
  ] as const
).map(
  ([app, what]): Case => ({
    id: app,
    sentence: `304 with ${what} has no body: the next answer follows the head, or the end.`,
    section: 'RFC 9110, 15.4.5',
    level: 'must',
    words: 'A 304 response is terminated by the end of the header section; it cannot contain content or trailers.',
    app,
    sees: { status: 304, framed: true },
  }),
);

export const BODYLESS: Theme = {
  title: 'responses without a body',
  cases: [
    head('length-list', 'a list with Content-Length'),
    head('length-generator', 'a generator with Content-Length'),
    head('head-sized', 'an application that knows HEAD, and gives Content-Length'),
    head('head-written', 'what is written'),
    head('body-list', 'a list without Content-Length'),
    head('body-generator', 'a generator without Content-Length'),
    head('body-large', 'a large body'),
    head('head-aware', 'an application that knows HEAD'),
    ...keptLengths,
    {
      id: 'head-length-is-true',
      sentence: 'An application that gives a HEAD nothing, and says no length, is not said to have a length of 0.',
      section: 'RFC 9110, 8.6',
      level: 'must',
      words: LENGTH_WORDS,
      app: 'head-aware',
      async run(talk) {
        const { headers } = await talk.ask(HEAD);
        const length = headers.find(([name]) => name === 'content-length')?.[1];
        assert.ok(length === undefined || length === '5', `Content-Length: ${length}, and a GET has 5 bytes`);
      },
    },
    {
      id: 'head-is-head',
      sentence: 'The application sees that the method is HEAD.',
      section: PEP.other,
      level: 'should',
      words: 'servers and gateways should "play dumb" and allow the application complete control over its output',
      app: 'head-method',
      request: HEAD,
      sees: { status: 200, records: ['HEAD', 'close'] },
    },
    ...noContent,
    ...notModified,
    {
      id: 'not-modified-head',
      sentence: '304 to a HEAD has no body.',
      section: 'RFC 9110, 15.4.5',
      level: 'must',
      app: 'not-modified-length',
      request: HEAD,
      sees: { status: 304, framed: true },
    },
    {
      id: 'not-modified-keeps-length',
      sentence: '304 keeps the Content-Length that the application gave, or leaves it out.',
      section: `${PEP.other}; RFC 9110, 15.4.5`,
      level: 'may',
      words:
        'They should only make changes that do not alter the effective semantics of the application’s response. […] a sender SHOULD NOT generate representation metadata other than the above listed fields unless said metadata exists for the purpose of guiding cache updates',
      app: 'not-modified-length',
      allows: [
        { outcome: 'kept', status: 304, headers: { 'content-length': '42' } },
        { outcome: 'dropped', status: 304, headers: { 'content-length': undefined } },
      ],
    },
    {
      id: 'reset-content',
      sentence: '205 with a Content-Length of 0 has no body.',
      section: 'RFC 9110, 15.3.6',
      level: 'must',
      words: 'a server MUST NOT generate content in a 205 response',
      app: 'reset-content',
      sees: { status: 205, body: '', complete: true, framed: true },
    },
    ...(['100', '101', '103'] as const).map(
      (status): Case => ({
        id: `interim-${status}`,
        sentence: `A client to whom the application gives a ${status} alone has a final answer, or the end of the connection.`,
        section: 'RFC 9110, 15',
        level: 'may',
        words:
          'zero or more "interim" (non-final) responses with status codes in the "informational" (1xx) range, followed by exactly one "final" response with a status code in one of the other ranges',
        app: `interim-${status}`,
        async run(talk) {
          const wire = await talk.open();
          wire.send(talk.bytes());
          let answer = await answerOf(wire);
          while (answer.status > 99 && answer.status < 200) answer = await answerOf(wire);
          if (answer.status >= 200) return 'final answer';
          await wire.closed();
          return 'ends';
        },
      }),
    ),
  ],
};
