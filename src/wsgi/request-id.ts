const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;

/** Whether a request id, from outside or inside, is safe to log and to send back. */
export function isRequestId(value: unknown): value is string {
  return typeof value === 'string' && REQUEST_ID.test(value);
}
