/** What a case of the suite is. The cases themselves are tables in `cases/`, one file a theme. */
import type { Talk } from './talk.ts';

export type Language = 'python' | 'typescript';

/**
 * How binding the words are that a case rests on: `must` what they demand, `should` what they advise, `may` what they leave open, of which
 * a case lists all that is allowed. A server's score counts `must` and `may`.
 */
export type Level = 'must' | 'should' | 'may';

/** The bytes of a request; without a method it is a GET, or a POST where it has a body. */
export interface Request {
  /** Which of the suite's applications it asks for, by the header X-App. The case's own where it is left out. */
  readonly app?: string;
  readonly method?: string;
  readonly target?: string;
  readonly version?: string;
  /** In place of the usual `Host: conformance.test`; undefined leaves the header out. */
  readonly host?: string | undefined;
  readonly headers?: readonly string[];
  /** Latin-1. Sent as it is: the headers say how it is framed. */
  readonly body?: string;
}

/** What must be seen. Whatever is left out may be anything. */
export interface Seen {
  /** `failure`: an error's status, or a connection that ends without an answer. */
  readonly status?: number | readonly number[] | 'failure';
  readonly reason?: string;
  /** The body as latin-1, its framing undone. */
  readonly body?: string | RegExp;
  /** The body as JSON has these members, by deep equality. */
  readonly json?: Readonly<Record<string, unknown>>;
  /** All values of a header in their order, joined by ` | `; undefined: it is not there. */
  readonly headers?: Readonly<Record<string, string | RegExp | undefined>>;
  /** Whether the body came to the end that its framing announced. */
  readonly complete?: boolean;
  /** What the application recorded, in order, once it is all there. */
  readonly records?: readonly string[];
  /** What is among its records, once it is there. */
  readonly recorded?: readonly string[];
  /** What is never among them. */
  readonly neverRecorded?: readonly string[];
  /** Nothing but another answer comes behind this one on its connection, or its end. */
  readonly framed?: true;
}

/** One of several allowed outcomes, by the name that the grid shows. */
export interface Outcome extends Seen {
  readonly outcome: string;
}

interface Common {
  /** A word or some, unique: `close-on-error`. */
  readonly id: string;
  /** What holds. */
  readonly sentence: string;
  /** `PEP 3333, NAME OF THE SECTION` or `RFC NUMBER, SECTION`. */
  readonly section: string;
  /** The text's own words, where servers differ. */
  readonly words?: string;
  /** Where it rests on a must of HTTP/1.1: it is not asked of a server that answers a client of 1.1 in HTTP/1.0 (RFC 9110, 2.5). */
  readonly since?: '1.1';
  /** Where it is asked of fewer than all languages. */
  readonly languages?: readonly Language[];
  readonly app: string;
  readonly request?: Request;
}

export interface FirmCase extends Common {
  readonly level: 'must' | 'should';
  /** One request on a connection of its own, and what must be seen; of several, one. */
  readonly sees?: Seen | readonly (Seen | Outcome)[];
  /** In place of `sees`, or after it: whatever else the case does. It throws where something is not as it must be. */
  readonly run?: (talk: Talk) => Promise<void>;
}

export interface OpenCase extends Common {
  readonly level: 'may';
  /** The first that fits is the case's outcome. */
  readonly allows?: readonly Outcome[];
  /** In place of `allows`: resolves with the name of the outcome. */
  readonly run?: (talk: Talk) => Promise<string>;
}

export type Case = FirmCase | OpenCase;

export interface Theme {
  readonly title: string;
  readonly cases: readonly Case[];
}

/** Whether a case is asked of servers of a language. @param version of HTTP, in which the server answers a client of 1.1 */
export function concerns({ languages, since }: Case, language: Language, version = '1.1'): boolean {
  return (languages?.includes(language) ?? true) && !(since === '1.1' && version === '1.0');
}
