import { splitHead } from '../../pool/frames.ts';
import type { Start } from '../../pool/start.ts';
import { fileWrapper } from '../../wsgi/file-wrapper.ts';
import type { Environ } from '../../wsgi/types.ts';
import type { RequestLife } from './request-life.ts';

const ID = 'HTTP_X_REQUEST_ID';
const ID_KEY = `\0${ID}\0`;
const MOST_KNOWN = 512;
/** That of a browser is longer, and seldom the same. */
const MOST_LENGTH = 768;
const LIFE: unique symbol = Symbol('stillhouse.life');
/** One function for all: with one of its own, an environ would be a table to V8 and not an object of a known form. */
const SIGNAL = {
  get(this: { readonly [LIFE]: RequestLife }) {
    return this[LIFE].signal;
  },
  enumerable: true,
  configurable: true,
};

type Strings = Record<string, unknown>;

/**
 * Makes the environs of REQUEST frames, without what is of one request alone. A client on a kept connection repeats all but the request's id: a head is known by
 * what stands before the id's value and behind it, and a copy costs a fraction of a new one.
 */
export class Environs {
  readonly #constants: Strings;
  #known = new Map<string, Strings>();

  constructor(start: Start) {
    this.#constants = {
      'wsgi.version': [1, 0],
      'wsgi.multithread': start.threads > 1,
      'wsgi.multiprocess': start.multiprocess,
      'wsgi.run_once': false,
      'wsgi.input_terminated': true,
      'wsgi.file_wrapper': fileWrapper,
      'wsgi.input': null,
      'wsgi.errors': null,
      'stillhouse.client_gone': null,
    };
  }

  /**
   * @param count pairs
   * @throws ProtocolError where the head does not hold what it announces
   */
  make(head: string, count: number, life: RequestLife): Environ {
    const environ = this.#strings(head, count) as Strings & { [LIFE]: RequestLife };
    environ[LIFE] = life;
    environ['stillhouse.client_gone'] = () => life.gone;
    return Object.defineProperty(environ, 'stillhouse.signal', SIGNAL) as unknown as Environ;
  }

  #strings(head: string, count: number): Strings {
    const at = head.length > MOST_LENGTH ? -1 : head.indexOf(ID_KEY);
    if (at < 0) return this.#read(head, count);
    const from = at + ID_KEY.length;
    const end = head.indexOf('\0', from);
    const key = `${count}${head.slice(0, from)}${head.slice(end)}`;
    const known = this.#known.get(key);
    if (known === undefined) {
      const strings = this.#read(head, count);
      this.#note(key, strings, head.slice(0, from));
      return strings;
    }
    const copy = { ...known };
    copy[ID] = head.slice(from, end);
    return copy;
  }

  #read(head: string, count: number): Strings {
    const strings = splitHead(head, 2 * count);
    const environ = { ...model(), ...this.#constants };
    for (let at = 0; at < strings.length; at += 2) environ[strings[at] as string] = strings[at + 1];
    for (const key in environ) if (environ[key] === undefined) delete environ[key];
    return environ;
  }

  #note(key: string, strings: Strings, before: string): void {
    // Of an even number of strings: what looks like the id's key is another key's value.
    if (before.split('\0').length % 2 === 1) return;
    // Begun anew and never changed by single deletions: see DECISIONS.md, "No Map that changes with each request".
    if (this.#known.size >= MOST_KNOWN) this.#known = new Map();
    this.#known.set(key, { ...strings });
  }
}

/** With a place for what nearly every environ has, so that it keeps a form that V8 copies at once. */
function model(): Strings {
  return {
    REQUEST_METHOD: undefined,
    SCRIPT_NAME: undefined,
    PATH_INFO: undefined,
    QUERY_STRING: undefined,
    SERVER_NAME: undefined,
    SERVER_PORT: undefined,
    SERVER_PROTOCOL: undefined,
    REMOTE_ADDR: undefined,
    REMOTE_PORT: undefined,
    RAW_URI: undefined,
    HTTP_HOST: undefined,
    HTTP_X_REQUEST_ID: undefined,
    'wsgi.url_scheme': undefined,
    'stillhouse.app': undefined,
    'wsgi.version': undefined,
    'wsgi.multithread': undefined,
    'wsgi.multiprocess': undefined,
    'wsgi.run_once': undefined,
    'wsgi.input_terminated': undefined,
    'wsgi.file_wrapper': undefined,
    'wsgi.input': undefined,
    'wsgi.errors': undefined,
    'stillhouse.client_gone': undefined,
  };
}
