import { decodePath, type Flags, makeEnviron, type Peer, type RequestHead } from './environ.ts';
import type { Input } from './input.ts';
import type { Environ } from './types.ts';

/** Under this key an environ says which of its strings are those of the requests before it. */
export const REPEATED: unique symbol = Symbol('stillhouse.repeated');

/** Strings of an environ as a connection repeats them, in its order. Whoever changes one in an environ does not change it here. */
export interface Repeated {
  readonly keys: readonly string[];
  readonly values: readonly string[];
  /** What an encoder has made of them. */
  encoded: string | undefined;
}

/** What each request may bring anew. */
const OWN: ReadonlySet<string> = new Set([
  'REQUEST_METHOD',
  'SCRIPT_NAME',
  'PATH_INFO',
  'QUERY_STRING',
  'RAW_URI',
  'HTTP_X_REQUEST_ID',
]);

/** The environs of one connection: where a client repeats its fields, an environ is a copy of one that was made before. */
export class Environs {
  readonly #peer: Peer;
  readonly #flags: Flags;
  #variables: readonly string[] | undefined;
  /** Made when they come the second time. */
  #model: Environ | undefined;

  constructor(peer: Peer, flags: Flags) {
    this.#peer = peer;
    this.#flags = flags;
  }

  /** @throws ClientError as `makeEnviron` */
  make(head: RequestHead, input: Input): Environ {
    if (head.authority !== undefined) return makeEnviron(head, this.#peer, this.#flags, input);
    if (head.variables !== this.#variables) {
      this.#variables = head.variables;
      this.#model = undefined;
      return makeEnviron(head, this.#peer, this.#flags, input);
    }
    this.#model ??= modelOf(makeEnviron(head, this.#peer, this.#flags, input));
    const environ = { ...this.#model };
    environ.REQUEST_METHOD = head.method;
    environ.PATH_INFO = decodePath(head.path);
    environ.QUERY_STRING = head.query;
    environ.RAW_URI = head.target;
    environ['wsgi.input'] = input;
    return environ;
  }

  /** The client rests: nothing is kept for it. */
  forget(): void {
    this.#variables = undefined;
    this.#model = undefined;
  }
}

function modelOf(environ: Environ): Environ {
  const keys: string[] = [];
  const values: string[] = [];
  for (const key in environ) {
    const value = environ[key];
    if (typeof value !== 'string' || OWN.has(key)) continue;
    keys.push(key);
    values.push(value);
  }
  const repeated: Repeated = { keys, values, encoded: undefined };
  return { ...environ, [REPEATED]: repeated };
}
