import { isPushed, PUSH, type PushedBody } from './pushed-body.ts';
import type { Body } from './types.ts';

/** The body with one more thing to do when it has been closed. A pushed one stays pushed; an iterator's own `next` and `return` stay its own. */
export function closeAfter(body: Body, done: () => void | Promise<void>): Body {
  const close = (): void | Promise<void> => {
    let closing: void | Promise<void>;
    try {
      closing = body.close?.();
    } catch (error) {
      // A promise where `done` gives one: its failure would stand for the body's.
      void done();
      throw error;
    }
    return closing === undefined ? done() : closing.finally(done);
  };
  if (isPushed(body)) {
    const pushed: PushedBody = {
      [PUSH]: (receiver) => body[PUSH](receiver),
      [Symbol.asyncIterator]: () => body[Symbol.asyncIterator](),
      close,
    };
    return pushed;
  }
  return Symbol.asyncIterator in body
    ? { [Symbol.asyncIterator]: () => body[Symbol.asyncIterator](), close }
    : { [Symbol.iterator]: () => body[Symbol.iterator](), close };
}
