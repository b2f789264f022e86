/** What one connection may ask for. Sizes in bytes, times in milliseconds. */
export interface Limits {
  /** The request line. Beyond: 414. */
  readonly requestLine: number;
  /** Header fields, and trailer fields likewise. Beyond: 431. */
  readonly fieldCount: number;
  /** All header fields together, and all trailer fields likewise. Beyond: 431. */
  readonly fieldBytes: number;
  /** The request body, after chunks are undone. Beyond: 413. */
  readonly body: number;
  /** From the first byte of a request to the end of its head. Beyond: 408. */
  readonly headTime: number;
  /** Between two reads of a body that is waited for. Beyond: 408. */
  readonly bodyTime: number;
  /** Bytes per second that a body must bring on average while it is waited for, once that has been for `bodyTime`; 0: none. Below: 408. */
  readonly bodyRate: number;
  /** Between the end of a response and the first byte of the next request. Beyond: closed without a word. */
  readonly idleTime: number;
  /** During which a client takes nothing of a response that waits for it (send-watch.ts says what that means). Beyond: cut. */
  readonly writeTime: number;
  /** Bytes of a response that wait for a slow client before the application is held back. */
  readonly responseBuffer: number;
}

/** Line and field limits as gunicorn's, the rate of a body as Apache's; idle time over the 60 s that common load balancers keep a connection. */
export const DEFAULT_LIMITS: Limits = {
  requestLine: 8190,
  fieldCount: 100,
  fieldBytes: 65536,
  body: 1024 ** 3,
  headTime: 15_000,
  bodyTime: 30_000,
  bodyRate: 500,
  idleTime: 75_000,
  writeTime: 60_000,
  responseBuffer: 262_144,
};
