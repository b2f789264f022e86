import type { Call } from '../wsgi/call.ts';
import type { Take } from '../wsgi/input.ts';
import type { Limits } from './limits.ts';
import type { Framing } from './request-fields.ts';
import type { ResponseSink } from './response-sink.ts';

/** Bytes of an unread body that are read and thrown away to keep the connection. */
export const DISCARD = 262_144;

/** One request on a connection, and its response: how far its body has come, and what may still be waited for. */
export class Exchange {
  readonly call: Call;
  readonly sink: ResponseSink;
  readonly framing: Framing;
  bodyDone: boolean;
  continued = false;
  /** Bytes of the body that were passed on. */
  received = 0;
  /** Receives body bytes as they arrive, while the whole body is being drained. */
  take: Take | undefined;
  /** How long the client was waited for, in milliseconds, and since when it is now. */
  #waited = 0;
  #waitingSince = 0;

  constructor(call: Call, sink: ResponseSink, framing: Framing) {
    this.call = call;
    this.sink = sink;
    this.framing = framing;
    this.bodyDone = framing.length === 0;
  }

  /** Bytes with which the body ends; where that cannot be known, any may. */
  get rest(): number {
    const { length } = this.framing;
    return length === 'chunked' ? 1 : length - this.received;
  }

  /** Whether the client waits for 100 before it sends its body, and never was given it. */
  get isUnasked(): boolean {
    return this.framing.expectsContinue && !this.continued && !this.bodyDone;
  }

  /**
   * Whether more of the body is to come than would be thrown away: a client that is not told so would lose its next request.
   * @param buffered bytes that have come and were not passed on
   */
  isTooMuch(buffered: number): boolean {
    return !this.bodyDone && this.rest - buffered > DISCARD;
  }

  beginWait(now: number): void {
    this.#waitingSince = now;
  }

  endWait(now: number): void {
    this.#waited += now - this.#waitingSince;
  }

  /**
   * For how many milliseconds the next bytes are waited for: no longer than `bodyTime`, and all of the body together no longer than that and what has come would
   * take at `bodyRate`.
   */
  patience(now: number, buffered: number, { bodyTime, bodyRate }: Limits): number {
    if (bodyRate === 0) return bodyTime;
    const spent = this.#waited + now - this.#waitingSince;
    return Math.min(bodyTime, bodyTime + ((this.received + buffered) * 1000) / bodyRate - spent);
  }
}
