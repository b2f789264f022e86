/** One body up or down over a connection of its own, as fast as the server takes or gives it. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const PIECE = Buffer.alloc(256 * 1024, 'x');
const LIMIT_MS = 120_000;

/** Sends a body of so many bytes. @throws where the answer is another than its length */
export async function upload(port: number, bytes: number): Promise<void> {
  using connection = new Connection(port);
  const { socket } = connection;
  socket.write(`POST / HTTP/1.1\r\nHost: bench\r\nConnection: close\r\nContent-Length: ${bytes}\r\n\r\n`);
  let answer = '';
  socket.on('data', (data) => {
    answer += data.toString();
  });
  for (let left = bytes; left > 0; left -= PIECE.length) {
    if (socket.write(left < PIECE.length ? PIECE.subarray(0, left) : PIECE)) continue;
    await Promise.race([once(socket, 'drain'), connection.closed]);
    if (socket.destroyed) break;
  }
  await connection.closed;
  if (!answer.startsWith('HTTP/1.1 200') || !answer.endsWith(`\r\n\r\n${bytes}`))
    throw new Error(`an upload of ${bytes} bytes was answered ${JSON.stringify(answer.slice(0, 200))}`);
}

/** Takes a body of so many bytes. @throws where fewer or more come */
export async function download(port: number, bytes: number): Promise<void> {
  let received = 0;
  let head = '';
  using connection = new Connection(port, (piece) => {
    if (head === '') head = piece.toString('latin1', 0, 1024);
    received += piece.length;
  });
  connection.socket.write(`GET /?size=${bytes} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n`);
  await connection.closed;
  const headBytes = head.indexOf('\r\n\r\n') + 4;
  if (!head.startsWith('HTTP/1.1 200') || received !== headBytes + bytes)
    throw new Error(
      `a download of ${bytes} bytes gave ${received - headBytes} after ${JSON.stringify(head.slice(0, 200))}`,
    );
}

class Connection implements Disposable {
  readonly socket: Socket;
  readonly closed: Promise<unknown>;
  readonly #timer: NodeJS.Timeout;

  /** @param take gets what comes, in a buffer that is used again */
  constructor(port: number, take?: (piece: Buffer) => void) {
    const buffer = Buffer.alloc(256 * 1024);
    const onread =
      take === undefined
        ? {}
        : {
            onread: {
              buffer,
              callback: (length: number) => {
                take(buffer.subarray(0, length));
                return true;
              },
            },
          };
    this.socket = connect({ host: '127.0.0.1', port, ...onread });
    this.closed = new Promise((resolve, reject) => {
      this.socket.once('error', reject).once('close', resolve);
    });
    this.#timer = setTimeout(() => this.socket.destroy(new Error('a transfer did not end in time')), LIMIT_MS);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.socket.destroy();
  }
}
