/** A Connection over a real socket, on a clock that the test moves. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { Clock } from '../../../src/http/clock.ts';
import { Connection } from '../../../src/http/connection.ts';
import { DEFAULT_LIMITS, type Limits } from '../../../src/http/limits.ts';
import type { ClientSocket } from '../../../src/http/sockets/client-socket.ts';
import { HandleSocket } from '../../../src/http/sockets/handle-socket.ts';
import { StreamSocket } from '../../../src/http/sockets/stream-socket.ts';
import type { Application } from '../../../src/wsgi/types.ts';
import { Wire } from '../../support/wire.ts';
import { SILENT } from '../wsgi/fake.ts';

const LISTENING = { allowHalfOpen: true, noDelay: true, pauseOnConnect: true };

class TestClock extends Clock {
  time = 0;

  override now(): number {
    return this.time;
  }
}

export interface Connected extends AsyncDisposable {
  readonly wire: Wire;
  readonly connection: Connection;
  /** The server's end. */
  readonly socket: ClientSocket;
  readonly errors: unknown[];
  /** Resolves when the server has let go of the connection. */
  readonly closed: Promise<void>;
  /** Resolves when the server has read more bytes. */
  arrived(): Promise<void>;
  /** Moves the clock, in milliseconds, and lets the connection look at it. */
  pass(time: number): void;
}

/** Makes a client's socket of one that was accepted and paused. */
type MakeSocket = (socket: Socket) => ClientSocket;

export function byHandle(socket: Socket): ClientSocket {
  const made = HandleSocket.from(socket);
  assert(made !== undefined, 'the Node that the project pins has the handles');
  return made;
}

export function byStream(socket: Socket): ClientSocket {
  return new StreamSocket(socket);
}

let makeSocket: MakeSocket = byHandle;

/** From now on connections are made so. */
export function useSockets(make: MakeSocket): void {
  makeSocket = make;
}

export async function connected(app: Application, limits: Partial<Limits> = {}): Promise<Connected> {
  const clock = new TestClock();
  const errors: unknown[] = [];
  const closed = Promise.withResolvers<void>();
  const accepted = Promise.withResolvers<Socket>();
  const listener = createServer(LISTENING, accepted.resolve).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const wire = await Wire.open((listener.address() as AddressInfo).port);
  const socket = makeSocket(await accepted.promise);
  listener.close();
  const settings = {
    app,
    limits: { ...DEFAULT_LIMITS, ...limits },
    flags: { multithread: true, multiprocess: false, errors: SILENT },
    report: (problem: unknown) => void errors.push(problem),
    onError: (error: unknown) => void errors.push(error),
  };
  const connection = new Connection(socket, settings, clock, () => closed.resolve());
  let arrival = Promise.withResolvers<void>();
  const received = (bytes: Buffer) => {
    connection.received(bytes);
    arrival.resolve();
    arrival = Promise.withResolvers();
  };
  socket.start({
    received,
    inputEnded: () => connection.inputEnded(),
    drained: () => connection.drained(),
    outputEnded: () => connection.outputEnded(),
    closed: () => connection.closed(),
  });
  return {
    wire,
    connection,
    socket,
    errors,
    closed: closed.promise,
    arrived: () => arrival.promise,
    pass: (time) => {
      clock.time += time;
      connection.check(clock.time);
    },
    [Symbol.asyncDispose]: async () => {
      wire[Symbol.dispose]();
      socket.destroy();
      await closed.promise;
    },
  };
}

/** Answers with its path and its body. */
export const echo: Application = async (environ, start) => {
  const body = await environ['wsgi.input'].read();
  start('200 OK', [['Content-Type', 'text/plain']]);
  return [environ.PATH_INFO, ' ', body];
};

/** Answers, and leaves the body where it is. */
export const deaf: Application = (environ, start) => {
  start('200 OK', [['Content-Type', 'text/plain']]);
  return [environ.PATH_INFO];
};
