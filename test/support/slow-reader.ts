/** A client with small segments and a small receive buffer, as no socket of Node's can have: what it has not read stays with the server. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const PROGRAM = `
import socket, sys
client = socket.socket()
client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
client.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
client.connect(('127.0.0.1', int(sys.argv[1])))
client.sendall(sys.argv[2].encode('latin-1'))
for line in sys.stdin:
    left = int(line)
    while left > 0:
        block = client.recv(left)
        if not block:
            sys.exit('the server has closed')
        left -= len(block)
    print(line, end='', flush=True)
`;

export class SlowReader implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  /** Connects, and sends `request`. Needs python3. */
  constructor(port: number, request = '') {
    this.#process = spawn('python3', ['-c', PROGRAM, String(port), request], { stdio: ['pipe', 'pipe', 'ignore'] });
    this.#lines = createInterface({ input: this.#process.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  }

  /** Resolves when so many bytes more have been read. @throws where the server closes first */
  async read(size: number): Promise<void> {
    this.#process.stdin?.write(`${size}\n`);
    const { done } = await this.#lines.next();
    if (done === true) throw new Error('the server has closed the connection');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.stdin?.end();
    if (this.#process.exitCode === null) await once(this.#process, 'close');
  }
}
