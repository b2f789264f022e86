/** Every way in which Node's parser and ours may part on the same bytes: what shows it, who is right, and where that stands. */
import { METHODS } from 'node:http';
import { GET, HOST, POST } from '../unit/http/cases/case.ts';
import { latin1, parse, request } from '../unit/http/parse.ts';
import type { Difference } from './compare.ts';
import { type ReadHead, type Reading, readByUs } from './reading.ts';

interface Parted {
  readonly text: string;
  /** The request on which they part, as far as each has read it; ours as if its head ended here. */
  readonly ours: (ReadHead & { readonly trailers?: readonly string[] }) | undefined;
  readonly theirs: (ReadHead & { readonly trailers?: readonly string[] }) | undefined;
}

export interface Explanation {
  readonly stricter: Difference['stricter'] | 'any';
  /** Codes of whoever refuses, ours or Node's; none: any. */
  readonly codes: readonly string[];
  /** Found in the bytes, by other means than the parser's. */
  readonly shown: RegExp | ((parted: Parted) => boolean);
  /** What Node does otherwise, and why we do not. */
  readonly why: string;
  readonly section: string;
  /** Bytes on which they part so. */
  readonly example: string;
}

const CHUNKED = request(POST, HOST, 'Transfer-Encoding: chunked');
/** Names that nobody parts on. */
const HOST_OF = /^(?:[a-z0-9.-]+(?::[0-9]{0,5})?)?$/i;
/** Targets without an authority, or with such a one. */
const AUTHORITY_OF = /^(?!https?:)|^https?:\/\/[a-z0-9.-]+(?::[0-9]{0,5})?(?:[/?]|$)/i;

const OURS: readonly Explanation[] = [
  {
    stricter: 'ours',
    codes: ['HOST_INVALID'],
    shown: ({ theirs }) => !HOST_OF.test(fieldOf(theirs, 'host')) || !AUTHORITY_OF.test(theirs?.target ?? ''),
    why: 'Node does not look into Host or the authority; applications build links and decide access by it',
    section: 'RFC 9112, 3.2',
    example: request(GET, 'Host: u@a'),
  },
  {
    stricter: 'ours',
    codes: ['HOST_REPEATED'],
    shown: ({ theirs }) => countOf(theirs, 'host') > 1,
    why: 'Node takes the first Host; more than one must be answered 400',
    section: 'RFC 9112, 3.2',
    example: request(GET, HOST, 'Host: b'),
  },
  {
    stricter: 'ours',
    codes: [],
    shown: ({ text, theirs }) => theirs === undefined && /PRI [\s\S]*\r\n\r\n/.test(text),
    why: 'Node takes PRI for the preface of HTTP/2, whatever stands behind it, and says nothing',
    section: 'RFC 9113, 3.4',
    example: 'PRI * HTTP/2.0\r\n\r\n',
  },
  {
    stricter: 'ours',
    codes: ['REQUEST_LINE_INVALID'],
    shown: ({ text, theirs }) =>
      theirs?.version === 'HTTP/0.9' || /^[\r\n]|[\r\n]{3}|[\r\n]+$|[^\r\n][\r\n]+[A-Z-]+ /.test(text),
    why: 'Node skips any number of CR and LF before a request line, and takes a line without a version for HTTP/0.9',
    section: 'RFC 9112, 2.2',
    example: `\r\n\r\n${request(GET, HOST)}`,
  },
  {
    stricter: 'ours',
    codes: ['VERSION_UNSUPPORTED'],
    shown: ({ theirs }) => /^HTTP\/(?:0\.9|2\.0)$/.test(theirs?.version ?? ''),
    why: 'Node takes HTTP/0.9 and HTTP/2.0 for versions that a request line can have',
    section: 'RFC 9112, 2.3',
    example: request('GET / HTTP/0.9', HOST),
  },
  {
    stricter: 'ours',
    codes: ['LINE_ENDING_INVALID'],
    shown: /(?:^|[^\r])\n|\r(?!\n)/,
    why: 'Node takes an LF alone for the end of a request line of HTTP/0.9, and skips CR and LF between requests',
    section: 'RFC 9112, 2.2',
    example: `\r${request(GET, HOST)}`,
  },
  {
    stricter: 'ours',
    codes: ['TARGET_INVALID'],
    shown: ({ theirs }) => theirs?.target.includes('#') === true,
    why: 'Node takes a fragment in a target, which no request has',
    section: 'RFC 9112, 3.2',
    example: request('GET /a#b HTTP/1.1', HOST),
  },
  {
    stricter: 'ours',
    codes: ['TARGET_FORM_INVALID'],
    shown: ({ theirs }) => theirs !== undefined && !theirs.target.startsWith('/'),
    why: 'Node takes an asterisk with any method, any scheme, and an http URI without a host',
    section: 'RFC 9112, 3.2',
    example: request('GET * HTTP/1.1', HOST),
  },
  {
    stricter: 'ours',
    codes: ['CONNECT_UNSUPPORTED', 'HOST_MISSING', 'TARGET_FORM_INVALID', 'TARGET_INVALID'],
    shown: ({ theirs }) => theirs?.method === 'CONNECT',
    why: 'there is no tunnel to a WSGI application',
    section: 'RFC 9110, 9.3.6',
    example: request('CONNECT a:80 HTTP/1.1', HOST),
  },
  {
    stricter: 'ours',
    codes: ['SCHEME_MISDIRECTED'],
    shown: ({ theirs }) => /^https:/i.test(theirs?.target ?? ''),
    why: 'Node does not look at the scheme of an absolute target',
    section: 'RFC 9110, 7.4',
    example: request('GET https://a/ HTTP/1.1', HOST),
  },
  {
    stricter: 'ours',
    codes: ['PATH_ENCODING_INVALID', 'PATH_NUL'],
    shown: ({ theirs }) => /%(?:00|(?![0-9a-f]{2}))/i.test(theirs?.target ?? ''),
    why: 'Node leaves the decoding of the path to the application, which PEP 3333 does not',
    section: 'RFC 3986, 2.1',
    example: request('GET /% HTTP/1.1', HOST),
  },
  {
    stricter: 'ours',
    codes: ['CONTENT_TYPE_REPEATED'],
    shown: ({ theirs }) => countOf(theirs, 'content-type') > 1,
    why: 'Node takes the first Content-Type; an environ has one',
    section: 'RFC 9110, 8.3',
    example: request(GET, HOST, 'Content-Type: a/b', 'Content-Type: c/d'),
  },
  {
    stricter: 'ours',
    codes: ['TRANSFER_CODING_INVALID'],
    shown: ({ theirs }) => !/^chunked$/i.test(fieldOf(theirs, 'transfer-encoding')),
    why: 'Node hands the head to the application before it refuses the coding',
    section: 'RFC 9112, 6.3',
    example: request(POST, HOST, 'Transfer-Encoding: chunked;a'),
  },
  {
    stricter: 'ours',
    codes: ['TRANSFER_CODING_UNKNOWN'],
    shown: ({ theirs }) => /,[ \t]*chunked$/i.test(fieldOf(theirs, 'transfer-encoding')),
    why: 'Node undoes the chunks and leaves the other coding to the application, which knows of none in WSGI',
    section: 'RFC 9112, 6.1',
    example: `${request(POST, HOST, 'Transfer-Encoding: gzip, chunked')}0\r\n\r\n`,
  },
  {
    stricter: 'ours',
    codes: ['TRANSFER_CODING_IN_1_0'],
    shown: ({ theirs }) => theirs?.version === 'HTTP/1.0' && fieldOf(theirs, 'transfer-encoding') !== '',
    why: 'Node undoes the chunks of an HTTP/1.0 request, whose framing must be treated as faulty',
    section: 'RFC 9112, 6.1',
    example: `${request('POST / HTTP/1.0', 'Transfer-Encoding: chunked')}0\r\n\r\n`,
  },
  {
    stricter: 'ours',
    codes: ['CHUNK_SIZE_INVALID'],
    shown: /\n[0-9a-f]{14,}/i,
    why: 'Node takes a size of 16 digits and any zeros before it; we stop at 13, which a number holds',
    section: 'RFC 9112, 7.1',
    example: `${CHUNKED}00000000000003\r\nabc\r\n0\r\n\r\n`,
  },
  {
    stricter: 'ours',
    codes: ['CHUNK_EXTENSION_INVALID'],
    shown: /\n[0-9a-f]+(?:.*;(?:=|.*[^\r\n]=[;\r]|.*""|\r|;).*)/i,
    why: 'Node takes an extension without a name, and one without the value that its equals sign announces',
    section: 'RFC 9112, 7.1.1',
    example: `${CHUNKED}3;a=\r\nabc\r\n0\r\n\r\n`,
  },
  {
    stricter: 'ours',
    codes: ['BODY_TOO_LARGE'],
    shown: /content-length:[ \t]*[0-9]{10,}|\n[0-9a-f]{8,13}[;\r]/i,
    why: 'Node has no limit of the body',
    section: 'RFC 9110, 15.5.14',
    example: request(POST, HOST, 'Content-Length: 9999999999'),
  },
  {
    stricter: 'ours',
    codes: ['EXPECTATION_UNKNOWN'],
    shown: ({ theirs }) => !/^100-continue$/i.test(fieldOf(theirs, 'expect')),
    why: 'Node looks for 100-continue anywhere in Expect',
    section: 'RFC 9110, 10.1.1',
    example: request(POST, HOST, 'Expect: 100-continue, a'),
  },
];

const THEIRS: readonly Explanation[] = [
  {
    stricter: 'theirs',
    codes: ['HPE_INVALID_METHOD', 'HPE_INVALID_VERSION', 'HPE_INVALID_CONSTANT'],
    shown: ({ ours }) => ours !== undefined && (!METHODS.includes(ours.method) || ours.method === 'SOURCE'),
    why: 'Node knows a list of methods, and PRI for HTTP/2 alone; any token is a method',
    section: 'RFC 9110, 9.1',
    example: request('BREW / HTTP/1.1', HOST),
  },
  {
    stricter: 'theirs',
    codes: ['HPE_INVALID_CHUNK_SIZE', 'HPE_STRICT'],
    shown: /\n[0-9a-f]+.*(?:[;=][ \t]|[ \t][;=])/i,
    why: 'Node knows no white space around the semicolon and the equals sign of an extension, which must be read over',
    section: 'RFC 9112, 7.1.1',
    example: `${CHUNKED}3 ;a\r\nabc\r\n0\r\n\r\n`,
  },
  {
    stricter: 'theirs',
    codes: ['HPE_INVALID_TRANSFER_ENCODING'],
    shown: /\ntransfer-encoding:.*\t\r\n/i,
    why: 'Node takes a tab behind "chunked" for a part of it; white space around a value is no part',
    section: 'RFC 9112, 5.1',
    example: `${request(POST, HOST, 'Transfer-Encoding: chunked\t')}0\r\n\r\n`,
  },
  {
    stricter: 'theirs',
    codes: ['HPE_INVALID_CONTENT_LENGTH', 'HPE_UNEXPECTED_CONTENT_LENGTH', 'HPE_INVALID_TRANSFER_ENCODING'],
    shown: /\n0+(?:;[^\r\n]*)?\r\n(?:[^\r\n]+\r\n)*(?:content-length|transfer-encoding):/i,
    why: 'Node reads framing out of trailers; we read trailers and leave them aside',
    section: 'RFC 9110, 6.5.1',
    example: `${CHUNKED}0\r\nContent-Length: 3\r\n\r\n`,
  },
  {
    stricter: 'theirs',
    codes: [],
    shown: ({ text }) => parse([latin1(`${text}\r\n\r\n`)]).refused !== undefined,
    why: 'Node refuses at the first wrong byte, we at the end of the head or line that has it',
    section: 'RFC 9112, 2.2',
    example: 'GET / HTTP/1.1\r\nX : a\r\n',
  },
];

const MEANING: readonly Explanation[] = [
  {
    stricter: 'any',
    codes: [],
    shown: /\nconnection:[^\r\n]*upgrade[\s\S]*\nupgrade:|\nupgrade:[\s\S]*\nconnection:[^\r\n]*upgrade/i,
    why: 'Node reads nothing behind a request that asks for an upgrade; we ignore Upgrade, and the connection goes on',
    section: 'RFC 9110, 7.8',
    example: request(GET, HOST, 'Connection: upgrade', 'Upgrade: h2c') + request(GET, HOST),
  },
  {
    stricter: 'any',
    codes: [],
    shown: ({ text }) => / HTTP\/1\.0\r\n/.test(text) && /\nconnection:[^\r\n]*close/i.test(text),
    why: 'Node keeps the connection of an HTTP/1.0 request that has both keep-alive and close',
    section: 'RFC 9112, 9.3',
    example: request('GET / HTTP/1.0', 'Connection: keep-alive, close') + request(GET, HOST),
  },
  {
    stricter: 'any',
    codes: [],
    shown: /\n0+(?:;[^\r\n]*)?\r\n(?:[^\r\n]+\r\n)*connection:[^\r\n]*close/i,
    why: 'Node takes Connection: close out of trailers, and closes',
    section: 'RFC 9110, 6.5.1',
    example: `${CHUNKED}0\r\nConnection: close\r\n\r\n${request(GET, HOST)}`,
  },
];

export const EXPLANATIONS: readonly Explanation[] = [...OURS, ...THEIRS, ...MEANING];

/** The row that explains why both readings part, where there is one. */
export function explain(text: string, difference: Difference, ours: Reading, theirs: Reading): Explanation | undefined {
  const finished = () => readByUs(`${text}\r\n\r\n`);
  const parted = { text, ours: partedOn(ours, theirs) ?? partedOn(finished(), theirs), theirs: partedOn(theirs, ours) };
  return EXPLANATIONS.find(
    ({ stricter, codes, shown }) =>
      (stricter === 'any' || stricter === difference.stricter) &&
      (codes.length === 0 || codes.includes(difference.code)) &&
      (shown instanceof RegExp ? shown.test(text) : shown(parted)),
  );
}

function partedOn(reading: Reading, other: Reading): Parted['ours'] {
  const at = Math.min(reading.requests.length, other.requests.length);
  return reading.requests[at] ?? reading.open;
}

/** The values of a field, as one list. */
function fieldOf(head: ReadHead | undefined, name: string): string {
  return valuesOf(head, name).join(', ');
}

function countOf(head: ReadHead | undefined, name: string): number {
  return valuesOf(head, name).length;
}

function valuesOf(head: ReadHead | undefined, name: string): string[] {
  return head?.fields.filter((_, at) => at % 2 === 1 && head.fields[at - 1]?.toLowerCase() === name) ?? [];
}
