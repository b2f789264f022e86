/** A command in a terminal: a pseudo-terminal that Python's standard library makes, which Node cannot. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { PYTHON } from './server.ts';
import { until } from './until.ts';

/**
 * Runs argv in a terminal of 24 lines of 100 columns. What the command writes goes to stdout; a line of stdin is typed (as its letters are escaped in
 * Python), or `size ROWS COLUMNS`. Ends with the command's status.
 */
const DRIVER = `
import fcntl, os, pty, select, struct, sys, termios
def size(rows, columns):
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
pid, master = pty.fork()
if pid == 0:
    # Not before its terminal has its size.
    sys.stdin.readline()
    os.execvp(sys.argv[1], sys.argv[1:])
size(24, 100)
os.write(master, b'\\n')
while True:
    ready, _, _ = select.select([master, 0], [], [])
    if 0 in ready:
        for line in os.read(0, 4096).decode().splitlines():
            if line.startswith('size '):
                size(*map(int, line.split()[1:]))
            else:
                os.write(master, line.encode().decode('unicode_escape').encode('latin-1'))
    if master in ready:
        try:
            data = os.read(master, 65536)
        except OSError:
            break
        if not data:
            break
        os.write(1, data)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

/** One command in a terminal of its own. Dispose of it (`await using`), and it is ended. */
export class Terminal implements AsyncDisposable {
  readonly ended: Promise<number | null>;
  readonly #driver: ChildProcess;
  /** All that was written to the terminal. */
  text = '';

  constructor(argv: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const { NO_COLOR: _, ...rest } = process.env;
    this.#driver = spawn(PYTHON, ['-c', DRIVER, ...argv], {
      cwd: '/',
      env: { ...rest, TERM: 'xterm', ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#driver.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.text += text;
    });
    this.ended = once(this.#driver, 'close').then(([code]) => code as number | null);
  }

  /** The process id of the command. */
  get pid(): number {
    const { pid } = this.#driver;
    return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim());
  }

  /** @param keys with escapes as in Python: `\x03` is Ctrl-C */
  type(keys: string): void {
    this.#driver.stdin?.write(`${keys}\n`);
  }

  resize(rows: number, columns: number): void {
    this.#driver.stdin?.write(`size ${rows} ${columns}\n`);
  }

  /** Waits for words that come after what was there. @returns what was written since */
  async shows(words: string | RegExp, from = 0): Promise<string> {
    const has = (text: string) => (typeof words === 'string' ? text.includes(words) : words.test(text));
    await until(() => has(this.text.slice(from)), `${words} in ${JSON.stringify(this.text.slice(from))}`);
    return this.text.slice(from);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#driver.kill('SIGKILL');
    await this.ended;
  }
}
