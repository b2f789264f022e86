import type { WriteStream } from 'node:tty';

/** Private modes of xterm, which every terminal of today has: 1049 the alternate screen, 25 the cursor. */
const ENTER = '\x1b[?1049h\x1b[?25l';
const LEAVE = '\x1b[?25h\x1b[?1049l';
const HOME = '\x1b[H';
const CLEAR_LINE = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';

/** A terminal's other screen, drawn again and again without flicker, and left as it was found. */
export class LiveScreen implements Disposable {
  readonly #out: WriteStream;
  readonly #suspend = () => {
    this.#out.write(LEAVE);
    process.kill(process.pid, 'SIGSTOP');
  };
  readonly #resume = () => void this.#out.write(ENTER);

  constructor(out: WriteStream) {
    this.#out = out;
    // Ctrl-Z, and fg.
    process.on('SIGTSTP', this.#suspend).on('SIGCONT', this.#resume);
    out.write(ENTER);
  }

  get rows(): number {
    return this.#out.rows || 24;
  }

  get columns(): number {
    return this.#out.columns || 80;
  }

  /** @param lines as many as there are rows, each no wider than the screen */
  draw(lines: readonly string[]): void {
    const body = lines.map((line) => `${line}${CLEAR_LINE}`).join('\r\n');
    this.#out.write(`${HOME}${body}${CLEAR_BELOW}`);
  }

  [Symbol.dispose](): void {
    process.off('SIGTSTP', this.#suspend).off('SIGCONT', this.#resume);
    this.#out.write(LEAVE);
  }
}
