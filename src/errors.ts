/**
 * Every error that Stillhouse answers or reports, in tables by whose fault it is: the client's (answered), everybody's (an overload: 503),
 * the application's (logged, and 500), the operator's (printed, and an exit status). `docs/errors.md` is checked against them.
 */

/** What is wrong with a request: HTTP status, and the words of the answer. Sources: RFC 9110, RFC 9112. */
export const CLIENT_ERRORS = {
  REQUEST_LINE_INVALID: [400, 'the request line is not "METHOD target HTTP/1.1" (RFC 9112, 3)'],
  METHOD_INVALID: [400, 'the method is not a token (RFC 9110, 9.1)'],
  TARGET_INVALID: [400, 'the request target has "#", white space or a byte beyond ASCII (RFC 9112, 3.2)'],
  TARGET_FORM_INVALID: [400, 'the form of the request target does not fit the method (RFC 9112, 3.2)'],
  PATH_ENCODING_INVALID: [400, 'the path has a malformed percent-encoding (RFC 3986, 2.1)'],
  PATH_NUL: [400, 'the path holds a NUL'],
  LINE_ENDING_INVALID: [400, 'a line of the head does not end in CRLF (RFC 9112, 2.2)'],
  CONTROL_CHARACTER: [400, 'the head holds a control character (RFC 9110, 5.5)'],
  FIELD_NAME_INVALID: [400, 'a field name is not a token, or a space stands before its colon (RFC 9112, 5.1)'],
  FIELD_FOLDED: [400, 'a field line is folded (RFC 9112, 5.2)'],
  HOST_MISSING: [400, 'an HTTP/1.1 request has no Host (RFC 9112, 3.2)'],
  HOST_REPEATED: [400, 'the request has more than one Host (RFC 9112, 3.2)'],
  HOST_INVALID: [400, 'Host is not a host and a port (RFC 9110, 7.2)'],
  CONTENT_LENGTH_INVALID: [400, 'Content-Length is not one decimal number (RFC 9110, 8.6)'],
  CONTENT_LENGTH_REPEATED: [400, 'the request has more than one Content-Length (RFC 9110, 8.6)'],
  CONTENT_TYPE_REPEATED: [400, 'the request has more than one Content-Type (RFC 9110, 8.3)'],
  LENGTH_AND_CODING: [400, 'both Content-Length and Transfer-Encoding (RFC 9112, 6.1)'],
  TRANSFER_CODING_INVALID: [400, 'Transfer-Encoding is not "chunked", once and last (RFC 9112, 6.1)'],
  TRANSFER_CODING_IN_1_0: [400, 'Transfer-Encoding in an HTTP/1.0 request (RFC 9112, 6.1)'],
  TRANSFER_CODING_UNKNOWN: [501, 'a transfer coding other than "chunked" (RFC 9112, 6.1)'],
  CHUNK_SIZE_INVALID: [400, 'a chunk size is not a hexadecimal number (RFC 9112, 7.1)'],
  CHUNK_EXTENSION_INVALID: [400, 'a chunk extension is not a name with an optional value (RFC 9112, 7.1.1)'],
  CHUNK_EXTENSION_TOO_LONG: [400, 'the chunk extensions are too long (RFC 9112, 7.1.1)'],
  CHUNK_END_INVALID: [400, 'a chunk does not end in CRLF (RFC 9112, 7.1)'],
  BODY_TRUNCATED: [400, 'the client closed before the end of its body (RFC 9112, 8)'],
  HEAD_TIMEOUT: [408, 'the head of the request took too long'],
  BODY_TIMEOUT: [408, 'the body of the request stood still for too long'],
  BODY_TOO_SLOW: [408, 'the body of the request came too slowly'],
  BODY_TOO_LARGE: [413, 'the body is larger than the limit'],
  REQUEST_LINE_TOO_LONG: [414, 'the request line is longer than the limit'],
  EXPECTATION_UNKNOWN: [417, 'Expect asks for something other than 100-continue (RFC 9110, 10.1.1)'],
  SCHEME_MISDIRECTED: [421, 'the target is an https URI, and the connection is not secured (RFC 9110, 7.4)'],
  TOO_MANY_FIELDS: [431, 'there are more header fields than the limit'],
  FIELDS_TOO_LARGE: [431, 'the header fields are larger than the limit'],
  CONNECT_UNSUPPORTED: [501, 'a WSGI application cannot be asked for a tunnel (CONNECT)'],
  VERSION_UNSUPPORTED: [505, 'the version is neither HTTP/1.0 nor HTTP/1.1'],
} as const satisfies Record<string, readonly [status: number, message: string]>;

export type ClientErrorCode = keyof typeof CLIENT_ERRORS;

/** The request is at fault: it is answered with `status`, and the connection closes. */
export class ClientError extends Error {
  override readonly name = 'ClientError';
  readonly code: ClientErrorCode;
  readonly status: number;

  constructor(code: ClientErrorCode) {
    super(CLIENT_ERRORS[code][1]);
    this.code = code;
    this.status = CLIENT_ERRORS[code][0];
  }
}

/** An app was asked for more than it can do: why a request got 503 in place of its answer. */
export const OVERLOAD_ERRORS = {
  QUEUE_FULL: 'more requests wait for the application than it will serve in time',
  QUEUE_TIMEOUT: 'no worker was free in time',
  CONCURRENCY_LIMIT: 'the application has as many requests as it is allowed',
} as const satisfies Record<string, string>;

export type OverloadCode = keyof typeof OVERLOAD_ERRORS;

/** Under this key an environ has the `OverloadCode` for which its request was refused. */
export const REFUSED_FOR = 'stillhouse.refused_for';

/** The client went away; there is nobody to answer. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone';
  constructor() {
    super('the client closed the connection');
  }
}

/** The application failed in its worker, whose own record says why; here it is only passed on. */
export class AppFailed extends Error {
  override readonly name = 'AppFailed';
  /** For the client, where the app is served with `debug`. */
  readonly traceback: string;

  constructor(traceback = '') {
    super('the application failed');
    this.traceback = traceback;
  }
}

/** The reason of a request's AbortSignal whose time has passed. */
export class RequestTimeout extends Error {
  override readonly name = 'RequestTimeout';
  constructor() {
    super('the request took longer than the timeout of its application, and was answered 504');
  }
}

/** Another process did not answer; the message says why. */
export class Unanswered extends Error {
  override readonly name = 'Unanswered';
}

/** What an application does against PEP 3333 or HTTP: the cure that its author is told. */
export const APP_ERRORS = {
  APP_EXCEPTION: 'see the traceback',
  APP_BODY_NOT_ITERABLE: 'return an iterable of chunks, such as [body]',
  APP_BODY_IS_CHUNK: 'return [body]',
  APP_CHUNK_INVALID: 'yield a Uint8Array or a string',
  APP_NO_START_RESPONSE: "call startResponse('200 OK', headers) before the first chunk is yielded",
  APP_START_RESPONSE_TWICE:
    'call startResponse once; to replace a head not yet sent, pass the error as its third argument',
  APP_STATUS_INVALID: "give a status such as '200 OK': three digits from 200 to 599, a space, a reason",
  APP_HEADERS_INVALID: "give the headers as an array of pairs of strings: [['Content-Type', 'text/plain']]",
  APP_HEADER_NAME_INVALID: 'use a token as the header name: letters, digits and hyphens',
  APP_HEADER_VALUE_INVALID: 'leave CR, LF and NUL out of header values, and encode what is not latin-1',
  APP_CONTENT_LENGTH_INVALID: 'give one Content-Length, as a decimal number of bytes',
  APP_BODY_TOO_LONG: 'make Content-Length the length of the body in bytes, not in characters',
  APP_BODY_TOO_SHORT: 'make Content-Length the length of the body in bytes, or leave it out',
  APP_HOP_BY_HOP: 'leave hop-by-hop headers to the server (PEP 3333, "Other HTTP Features")',
  APP_WRITE_AFTER_END: 'write before the body has ended',
  APP_CLOSE_FAILED: "see the traceback of the iterable's close()",
  APP_OUTPUT_DROPPED: 'write less to stdout and stderr, or raise the rate',
} as const satisfies Record<string, string>;

export type AppErrorCode = keyof typeof APP_ERRORS;

/** The application is at fault: logged with its cure; the client gets 500, or a cut connection in mid-body. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: AppErrorCode;
  readonly cure: string;

  constructor(code: AppErrorCode, message: string, options?: { cure?: string; cause?: unknown }) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.cure = options?.cure ?? APP_ERRORS[code];
  }
}

/** Exit statuses: 1 Stillhouse itself failed, 2 the command is wrong, 3 the application cannot start, 4 the address cannot be bound. */
export const START_ERRORS = {
  COMMAND_UNKNOWN: 2,
  OPTION_UNKNOWN: 2,
  OPTION_INVALID: 2,
  APP_TARGET_INVALID: 2,
  APP_TARGET_AMBIGUOUS: 2,
  APP_MODULE_MISSING: 2,
  APP_CALLABLE_MISSING: 2,
  APP_NOT_CALLABLE: 2,
  APP_NOT_FOUND: 2,
  APP_NAME_INVALID: 2,
  APPS_DIRECTORY_MISSING: 2,
  APPS_DIRECTORY_EMPTY: 2,
  MOUNT_TAKEN: 2,
  CONFIG_UNREADABLE: 2,
  CONFIG_YAML_INVALID: 2,
  CONFIG_KEY_UNKNOWN: 2,
  CONFIG_VALUE_INVALID: 2,
  CONFIG_PLACEHOLDER_UNSET: 2,
  CONFIG_VARIABLE_UNKNOWN: 2,
  DIRECTORY_MISSING: 2,
  USER_UNKNOWN: 2,
  USER_NOT_ALLOWED: 2,
  SERVER_NOT_FOUND: 2,
  SERVER_AMBIGUOUS: 2,
  SERVER_NOT_ALLOWED: 2,
  APP_UNKNOWN: 2,
  INTERPRETER_MISSING: 3,
  APP_IMPORT_FAILED: 3,
  APP_SYNTAX_UNSUPPORTED: 3,
  APP_RUNTIME_UNSUPPORTED: 3,
  APP_PROTOCOL_MISMATCH: 3,
  APP_BOOT_TIMEOUT: 3,
  APP_BOOT_DIED: 3,
  APP_WARM_UP_FAILED: 3,
  APP_DEPENDENCIES_FAILED: 3,
  APP_NOT_SERVING: 3,
  ADDRESS_IN_USE: 4,
  ADDRESS_NOT_ALLOWED: 4,
  ADDRESS_UNKNOWN: 4,
  DATA_DIRECTORY_UNUSABLE: 1,
  FRONT_FAILED: 1,
  SERVER_SILENT: 1,
  RELOAD_GIVEN_UP: 1,
  SERVER_NOT_STOPPED: 1,
} as const satisfies Record<string, number>;

export type StartErrorCode = keyof typeof START_ERRORS;

/** What went wrong before serving, as data: what crosses between processes, and what the command prints. */
export interface StartFailure {
  readonly code: StartErrorCode;
  /** What is wrong, and where. */
  readonly message: string;
  /** What to do about it. */
  readonly cure: string;
  /** The traceback, shortened to the user's own frames, where there is one. */
  readonly traceback?: string | undefined;
}

/** The operator can mend it: printed as what, where, why and what to do; the command ends with `exitStatus`. */
export class StartError extends Error implements StartFailure {
  override readonly name = 'StartError';
  readonly code: StartErrorCode;
  readonly cure: string;
  readonly traceback: string | undefined;
  readonly exitStatus: number;

  constructor({ code, message, cure, traceback }: StartFailure) {
    super(message);
    this.code = code;
    this.cure = cure;
    this.traceback = traceback;
    this.exitStatus = START_ERRORS[code];
  }

  /** The same as data. */
  get failure(): StartFailure {
    const { code, message, cure, traceback } = this;
    return { code, message, cure, ...(traceback === undefined ? {} : { traceback }) };
  }
}

/** A reload came to nothing, and what served before serves on. */
export class ReloadFailed extends Error {
  override readonly name = 'ReloadFailed';
  readonly failures: readonly StartFailure[];

  constructor(failures: readonly StartFailure[]) {
    super(failures.map(({ message }) => message).join('; '));
    this.failures = failures;
  }
}
