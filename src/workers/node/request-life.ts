import { ClientGone, RequestTimeout } from '../../errors.ts';

/** Whether somebody waits for the response to a request: its application can ask, and be told. */
export class RequestLife {
  #gone = false;
  /** Made when it is first asked for: most applications never do. */
  #controller: AbortController | undefined;
  #reason: ClientGone | RequestTimeout | undefined;

  get gone(): boolean {
    return this.#gone;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** The client has closed its side; it may still read. */
  halfClose(): void {
    this.#gone = true;
  }

  /** Nobody waits any more. @param timedOut because its time has passed */
  end(timedOut: boolean): void {
    if (this.#reason !== undefined) return;
    this.#gone = true;
    this.#reason = timedOut ? new RequestTimeout() : new ClientGone();
    this.#controller?.abort(this.#reason);
  }
}
