import { Pieces } from './pieces.ts';

/**
 * Where an input's bytes come from: the next piece, never empty, or undefined at the end. Throws where the body is cut short.
 * @param enough so many bytes are wanted before anything is done with them: a source may let fewer wait, unless the body ends with them
 */
export type Pull = (enough: number) => Uint8Array | undefined | Promise<Uint8Array | undefined>;
/** Takes a piece that is there until it returns. False: no more after this one. */
export type Take = (piece: Uint8Array) => boolean;
/** Passes all bytes to `take` as they arrive. True at the end, false once `take` wants no more. Throws where the body is cut short. */
export type Drain = (take: Take) => Promise<boolean>;

const LF = 0x0a;
const EMPTY = new Uint8Array(0);

/**
 * `wsgi.input` (PEP 3333, "Input and Error Streams"): the methods of a Python file, awaited. The end is sticky, and so is
 * an error: a body that was cut short rejects, again and again, and never looks complete.
 *
 * @example for await (const line of environ['wsgi.input']) …
 */
export class Input {
  readonly #pull: Pull;
  readonly #waiting = new Pieces();
  readonly #pieces: Uint8Array[] = this.#waiting.list;
  #size = 0;
  #ended = false;
  #failure: { error: unknown } | undefined;
  readonly #drain: Drain | undefined;

  /** @param drain a cheaper way than one pull after the other, where the source has one */
  constructor(pull: Pull, drain?: Drain) {
    this.#pull = pull;
    this.#drain = drain;
  }

  /**
   * The same input, whose bytes are counted as they pass.
   * @param note is given the size of each piece, and 0 at the end; what it throws is the input's failure
   */
  static counted(input: Input, note: (size: number) => void): Input {
    const pull = async (enough: number) => {
      const piece = await input.piece(enough);
      note(piece?.length ?? 0);
      return piece;
    };
    const drain = async (take: Take) => {
      const ended = await input.drain((piece) => {
        note(piece.length);
        return take(piece);
      });
      if (ended) note(0);
      return ended;
    };
    return new Input(pull, drain);
  }

  /** An input of bytes that are already here. */
  static of(bytes: Uint8Array): Input {
    return Input.later(() => bytes);
  }

  /** An input of bytes that are here, and fetched when they are asked for. */
  static later(fetch: () => Uint8Array): Input {
    let isFetched = false;
    return new Input(() => {
      if (isFetched) return undefined;
      isFetched = true;
      const bytes = fetch();
      return bytes.length > 0 ? bytes : undefined;
    });
  }

  /**
   * Up to `size` bytes, fewer only at the end; all that is left without `size` or with a negative one. Empty at the end.
   * @throws ClientError or ClientGone where the client ended its body early
   */
  async read(size = -1): Promise<Uint8Array> {
    const wanted = size < 0 ? Number.POSITIVE_INFINITY : size;
    while (this.#size < wanted && (await this.#fill(wanted - this.#size)));
    return this.#take(Math.min(wanted, this.#size));
  }

  /**
   * The next bytes as they come; undefined at the end.
   * @param enough so many of them may be waited for
   */
  async piece(enough = 1): Promise<Uint8Array | undefined> {
    if (this.#size === 0 && !(await this.#fill(enough))) return undefined;
    return this.#take((this.#pieces[0] as Uint8Array).length);
  }

  /**
   * Gives what comes to `take`, without a promise for each piece.
   * @returns true at the end, false where `take` wanted no more
   */
  async drain(take: Take): Promise<boolean> {
    for (;;) {
      while (this.#size > 0) if (!take(this.#take((this.#pieces[0] as Uint8Array).length))) return false;
      if (this.#ended) return true;
      if (this.#failure !== undefined) throw this.#failure.error;
      if (this.#drain === undefined) await this.#fill(1);
      else return this.#drained(this.#drain, take);
    }
  }

  async #drained(drain: Drain, take: Take): Promise<boolean> {
    try {
      this.#ended = await drain(take);
      return this.#ended;
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }

  /** What comes until there is more than `size` bytes of it, or the end: in pieces, which the caller joins or passes on. */
  async pieces(size: number): Promise<Uint8Array[]> {
    while (this.#size <= size && (await this.#fill(size + 1 - this.#size)));
    this.#size = 0;
    return this.#pieces.splice(0);
  }

  /** One line with its LF, or what is left without one; at most `size` bytes of it. Empty at the end. */
  async readline(size = -1): Promise<Uint8Array> {
    const wanted = size < 0 ? Number.POSITIVE_INFINITY : size;
    let searched = 0;
    let index = 0;
    let within = 0;
    while (searched < wanted) {
      const bytes = this.#pieces[index];
      if (bytes === undefined || within === bytes.length) {
        if (index + 1 < this.#pieces.length) {
          index++;
          within = 0;
        } else if (!(await this.#fill(1))) break;
        continue;
      }
      const at = bytes.subarray(within, within + wanted - searched).indexOf(LF);
      if (at >= 0) return this.#take(searched + at + 1);
      searched += bytes.length - within;
      within = bytes.length;
    }
    return this.#take(Math.min(wanted, searched));
  }

  /** The lines that are left; with a `hint`, no more of them once their sizes reach it. */
  async readlines(hint = -1): Promise<Uint8Array[]> {
    const lines: Uint8Array[] = [];
    let size = 0;
    for await (const line of this) {
      lines.push(line);
      size += line.length;
      if (hint > 0 && size >= hint) break;
    }
    return lines;
  }

  /** The lines that are left, one at a time. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    for (let line = await this.readline(); line.length > 0; line = await this.readline()) yield line;
  }

  /** Pulls one more piece; false at the end. */
  async #fill(enough: number): Promise<boolean> {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#ended) return false;
    try {
      const piece = await this.#pull(enough);
      if (piece === undefined) {
        this.#ended = true;
        return false;
      }
      this.#waiting.add(piece);
      this.#size += piece.length;
      return true;
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }

  #take(size: number): Uint8Array {
    if (size === 0) return EMPTY;
    const first = this.#pieces[0] as Uint8Array;
    if (first.length > size) {
      this.#pieces[0] = first.subarray(size);
      this.#size -= size;
      return first.subarray(0, size);
    }
    if (first.length === size) {
      this.#pieces.shift();
      this.#size -= size;
      return first;
    }
    return this.#join(size);
  }

  #join(size: number): Uint8Array {
    const joined = new Uint8Array(size);
    let at = 0;
    let used = 0;
    while (at < size) {
      const piece = this.#pieces[used] as Uint8Array;
      const part = piece.length > size - at ? piece.subarray(0, size - at) : piece;
      joined.set(part, at);
      at += part.length;
      if (part.length === piece.length) used++;
      else this.#pieces[used] = piece.subarray(part.length);
    }
    this.#pieces.splice(0, used);
    this.#size -= size;
    return joined;
  }
}
