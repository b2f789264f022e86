import type { Header } from '../wsgi/types.ts';
import { splitHead } from './frames.ts';

/** The head of a RESPONSE frame, read and not yet checked. */
export interface ResponseHead {
  readonly status: string;
  readonly headers: Header[];
}

/** Heads that are remembered: an application has few, and most of them often. */
const MOST_HEADS = 256;
const MOST_LENGTH = 1024;

/** Reads the heads of one app's responses. The same text gives the same frozen head. */
export class ResponseHeads {
  #known = new Map<string, ResponseHead>();

  /**
   * @param count how many headers the frame announces
   * @throws ProtocolError where it holds another number
   */
  read(text: string, count: number): ResponseHead {
    const known = this.#known.get(text);
    if (known !== undefined && known.headers.length === count) return known;
    const strings = splitHead(text, 1 + 2 * count);
    const headers: Header[] = [];
    for (let at = 1; at < strings.length; at += 2) {
      headers.push(Object.freeze([strings[at] as string, strings[at + 1] as string]) as unknown as Header);
    }
    const head = { status: strings[0] as string, headers: Object.freeze(headers) as Header[] };
    if (text.length <= MOST_LENGTH) {
      // Begun anew and never changed by single deletions: see DECISIONS.md, "No Map that changes with each request".
      if (this.#known.size >= MOST_HEADS) this.#known = new Map();
      this.#known.set(text, head);
    }
    return head;
  }
}
