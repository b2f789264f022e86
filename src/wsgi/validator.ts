import { isBody, type Steps, stepsOf } from './body.ts';
import { describe, isHopByHop, isToken } from './headers.ts';
import { Input } from './input.ts';
import type { Application, Body, Chunk, Environ, Header, StartResponse } from './types.ts';

const STATUS = /^[1-5][0-9][0-9] .+/;
const LATIN_1 = /^[\0-\xff]*$/;
const STRINGS = ['REQUEST_METHOD', 'SERVER_NAME', 'SERVER_PORT', 'SERVER_PROTOCOL', 'wsgi.url_scheme'];
const MAY_BE_EMPTY = ['SCRIPT_NAME', 'PATH_INFO', 'QUERY_STRING'];
const PRESENT = ['wsgi.version', 'wsgi.input', 'wsgi.errors', 'wsgi.multithread', 'wsgi.multiprocess', 'wsgi.run_once'];

/** Where the server or the application breaks PEP 3333; the message says who, and what to do. */
export class ValidationError extends Error {
  override readonly name = 'ValidationError';
}

/**
 * Wraps an application and checks both sides of the interface as they are used: the twin of Python's `wsgiref.validate.validator`.
 * The wrapped application throws a ValidationError at the first breach of either side.
 */
export function validator(application: Application): Application {
  return async (environ, startResponse) => {
    check(arguments_(environ, startResponse), 'the server must call application(environ, startResponse)');
    checkEnviron(environ);
    const state = { started: false };
    environ['wsgi.input'] = new CheckedInput(environ['wsgi.input']);
    const checked: StartResponse = (...given) => {
      checkStart(given, state.started);
      state.started = true;
      const write = startResponse(...given);
      return async (chunk) => {
        checkChunk(chunk, 'write()');
        return write(chunk);
      };
    };
    const body: unknown = await application(environ, checked);
    check(isBody(body), `the application returned ${describe(body)}; return an iterable of chunks, such as [body]`);
    return new CheckedBody(body, state);
  };
}

function checkEnviron(environ: Environ): void {
  for (const key of STRINGS)
    check(typeof environ[key] === 'string' && environ[key] !== '', `environ has no string ${key}`);
  for (const key of MAY_BE_EMPTY) check(typeof environ[key] === 'string', `environ has no string ${key}`);
  for (const key of PRESENT) check(key in environ, `environ has no ${key}`);
  for (const key of ['HTTP_CONTENT_TYPE', 'HTTP_CONTENT_LENGTH'])
    check(!(key in environ), `environ has ${key}; it is ${key.slice(5)}`);
  for (const [key, value] of Object.entries(environ)) {
    if (key.includes('.')) continue;
    check(typeof value === 'string', `environ.${key} is ${describe(value)}, not a string`);
    check(LATIN_1.test(value), `environ.${key} holds a character that is no byte; strings are latin-1`);
  }
  const { SCRIPT_NAME: script, PATH_INFO: path, CONTENT_LENGTH: length } = environ;
  check(script === '' || script.startsWith('/'), 'SCRIPT_NAME is neither empty nor begins with /');
  check(script !== '/', "SCRIPT_NAME is '/'; it is '' at the root, and PATH_INFO '/'");
  check(path === '' || path.startsWith('/') || path === '*', 'PATH_INFO is neither empty nor begins with /');
  check(script !== '' || path !== '', 'both SCRIPT_NAME and PATH_INFO are empty');
  check(length === undefined || /^[0-9]+$/.test(length), 'CONTENT_LENGTH is not a number');
  check(['http', 'https'].includes(environ['wsgi.url_scheme']), 'wsgi.url_scheme is neither http nor https');
  const { 'wsgi.input': input, 'wsgi.errors': errors } = environ;
  for (const name of ['read', 'readline', 'readlines'] as const)
    check(typeof input[name] === 'function', `wsgi.input has no ${name}()`);
  for (const name of ['write', 'writelines', 'flush'] as const)
    check(typeof errors[name] === 'function', `wsgi.errors has no ${name}()`);
}

function checkStart(given: readonly unknown[], started: boolean): void {
  check(given.length === 2 || given.length === 3, 'startResponse takes a status, headers, and perhaps an error');
  const [status, headers, error] = given;
  check(typeof status === 'string', `the status is ${describe(status)}, not a string`);
  check(STATUS.test(status), `the status ${JSON.stringify(status)} is not three digits, a space and a reason`);
  check(!started || (error !== undefined && error !== null), 'startResponse was called twice without an error');
  check(Array.isArray(headers), `the headers are ${describe(headers)}, not an array`);
  for (const header of headers) checkHeader(header);
  const names = (headers as Header[]).map(([name]) => name.toLowerCase());
  const code = Number(status.slice(0, 3));
  const bodyless = code === 204 || code === 304 || code < 200;
  check(bodyless || names.includes('content-type'), 'the response has a body and no Content-Type');
  check(!bodyless || !names.includes('content-type'), `a ${code} has no body, and yet a Content-Type`);
}

function checkHeader(header: unknown): void {
  check(Array.isArray(header) && header.length === 2, `a header is ${describe(header)}, not a pair`);
  const [name, value] = header as unknown[];
  check(typeof name === 'string' && typeof value === 'string', 'a header is not a pair of strings');
  check(isToken(name), `the header name ${JSON.stringify(name)} is not a token`);
  check(name.toLowerCase() !== 'status', 'the status is no header; it is the first argument');
  check(!isHopByHop(name.toLowerCase()), `the header ${name} is the server's`);
  check(
    LATIN_1.test(value) && !hasControls(value),
    `the value of ${name} holds a control character, or one beyond latin-1`,
  );
}

/** What an application may do with its input, checked. */
class CheckedInput extends Input {
  readonly #input: Input;

  constructor(input: Input) {
    super(() => undefined);
    this.#input = input;
  }

  override async read(...size: [number?]): Promise<Uint8Array> {
    checkSize('read', size);
    const bytes = await this.#input.read(...size);
    check(bytes instanceof Uint8Array, 'wsgi.input.read() gave no bytes');
    return bytes;
  }

  override async readline(...size: [number?]): Promise<Uint8Array> {
    checkSize('readline', size);
    return this.#input.readline(...size);
  }

  override async readlines(...hint: [number?]): Promise<Uint8Array[]> {
    checkSize('readlines', hint);
    return this.#input.readlines(...hint);
  }

  override [Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    return this.#input[Symbol.asyncIterator]();
  }
}

/** A body whose use is checked: started before its first chunk, chunks of the right type, closed once. */
class CheckedBody implements AsyncIterableIterator<Chunk> {
  readonly #body: Body;
  readonly #state: { started: boolean };
  #steps: Steps | undefined;
  #closed = false;

  constructor(body: Body, state: { started: boolean }) {
    this.#body = body;
    this.#state = state;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Chunk>> {
    check(!this.#closed, 'the server asked for more after close()');
    const step = await this.#iterator().next();
    check(this.#state.started || step.done === true, 'the application gave a chunk before it called startResponse');
    if (step.done === true) check(this.#state.started, 'the body ended and startResponse was never called');
    else checkChunk(step.value, 'the body');
    return step;
  }

  async return(): Promise<IteratorResult<Chunk>> {
    await this.#iterator().return?.();
    return { done: true, value: undefined };
  }

  async close(): Promise<void> {
    check(!this.#closed, 'the server called close() twice');
    this.#closed = true;
    await this.#body.close?.();
  }

  #iterator(): Steps {
    this.#steps ??= stepsOf(this.#body);
    return this.#steps;
  }
}

function checkSize(name: string, given: readonly unknown[]): void {
  check(given.length <= 1, `wsgi.input.${name}() takes one argument at the most`);
  check(given[0] === undefined || Number.isInteger(given[0]), `wsgi.input.${name}() takes a whole number`);
}

function checkChunk(chunk: unknown, where: string): void {
  check(
    typeof chunk === 'string' || chunk instanceof Uint8Array,
    `${where} gave ${describe(chunk)}; a chunk is a string or a Uint8Array`,
  );
}

function arguments_(environ: unknown, startResponse: unknown): boolean {
  return typeof environ === 'object' && environ !== null && typeof startResponse === 'function';
}

function hasControls(value: string): boolean {
  for (let at = 0; at < value.length; at++) if (value.charCodeAt(at) < 0x20 && value[at] !== '\t') return true;
  return false;
}

function check(holds: boolean, message: string): asserts holds {
  if (!holds) throw new ValidationError(message);
}
