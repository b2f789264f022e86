import { CLIENT_ERRORS, ClientError, type ClientErrorCode, ClientGone } from '../../errors.ts';

/** A request's body as it comes from the front, in no more pieces than were asked for: nothing is, before the application first reads. */
export class StreamedBody {
  readonly #window: number;
  readonly #grant: (size: number) => void;
  #pieces: Uint8Array[] = [];
  #ended = false;
  #failure: Error | undefined;
  /** Bytes that were read and not asked for anew. */
  #read: number;
  /** Reads that wait, first the oldest. */
  #waiters: PromiseWithResolvers<Uint8Array | undefined>[] = [];

  /**
   * @param window bytes that may be on their way
   * @param grant asks the front for so many bytes more
   */
  constructor(window: number, grant: (size: number) => void) {
    this.#window = window;
    this.#grant = grant;
    this.#read = window;
  }

  /**
   * The next piece, or undefined at the end.
   * @throws ClientError or ClientGone where the body was cut short
   */
  pull(): Uint8Array | undefined | Promise<Uint8Array | undefined> {
    const piece = this.#pieces.shift();
    if (piece !== undefined) {
      this.#note(piece);
      return piece;
    }
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#ended) return undefined;
    this.#ask();
    const waiter = Promise.withResolvers<Uint8Array | undefined>();
    this.#waiters.push(waiter);
    return waiter.promise;
  }

  /** @param piece may be empty at the end */
  receive(piece: Uint8Array, end: boolean): void {
    const waiter = piece.length > 0 ? this.#waiters.shift() : undefined;
    if (waiter !== undefined) {
      this.#note(piece);
      waiter.resolve(piece);
    } else if (piece.length > 0) {
      this.#pieces.push(piece);
    }
    if (!end) return;
    this.#ended = true;
    for (const each of this.#waiters.splice(0)) each.resolve(undefined);
  }

  /** @param reason `CODE: text`, whose code may be one of the client's errors */
  abort(reason: string): void {
    const code = reason.slice(0, reason.indexOf(':'));
    this.#failure = Object.hasOwn(CLIENT_ERRORS, code) ? new ClientError(code as ClientErrorCode) : new ClientGone();
    for (const each of this.#waiters.splice(0)) each.reject(this.#failure);
  }

  #note(piece: Uint8Array): void {
    this.#read += piece.length;
    this.#ask();
  }

  /** In halves of the window, so that a fast client costs few frames. */
  #ask(): void {
    if (this.#ended || this.#failure !== undefined || this.#read * 2 < this.#window) return;
    this.#grant(this.#read);
    this.#read = 0;
  }
}
