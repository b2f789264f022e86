import type { Socket } from 'node:net';
import { BUFFERED_BODY, type BufferedBody } from '../wsgi/buffered-body.ts';
import type { Environ } from '../wsgi/types.ts';
import {
  encodeCredit,
  encodeFrame,
  encodeJson,
  FLAG,
  FRAME_LIMIT,
  type Frame,
  FrameReader,
  headText,
  ProtocolError,
  TYPE,
} from './frames.ts';
import type { Start } from './start.ts';
import type { Carrier, WorkerRequest } from './worker-request.ts';

/** The front's two ends of one worker. */
export interface LinkSockets {
  readonly data: Socket;
  readonly control: Socket;
}

/** What a link tells its pool. */
export interface LinkEvents {
  /** READY, FAILED or STACKS came. */
  control(frame: Frame): void;
  /** A slot is free. */
  free(): void;
  /** The worker broke the protocol, or its stream ended: it is to be killed. */
  broken(reason: string): void;
}

/** The front's view of one worker: its sockets, its slots and the requests in them. */
export class WorkerLink implements Carrier {
  readonly slots: number;
  readonly #sockets: LinkSockets;
  readonly #events: LinkEvents;
  /** The requests that hold a slot. */
  readonly #running = new Map<number, WorkerRequest>();
  #lastId = 0;
  #open = true;

  constructor(sockets: LinkSockets, start: Start, events: LinkEvents) {
    this.slots = start.threads;
    this.#sockets = sockets;
    this.#events = events;
    for (const socket of [sockets.data, sockets.control]) {
      const reader = new FrameReader(FRAME_LIMIT.front);
      socket.on('data', (bytes: Buffer) => this.#receive(socket, reader, bytes));
      socket.on('error', () => undefined);
      socket.on('close', () => this.#break('its stream ended'));
    }
    sockets.control.write(encodeJson(TYPE.START, start));
  }

  get freeSlots(): number {
    return this.#open ? this.slots - this.#running.size : 0;
  }

  get runningCount(): number {
    return this.#running.size;
  }

  /** The id of the request that runs, where it is the only one: what the worker prints belongs to it. */
  get onlyRequestId(): string | undefined {
    if (this.#running.size !== 1) return undefined;
    const [request] = this.#running.values();
    return request?.requestId;
  }

  /**
   * Gives a request to the worker; a slot must be free.
   * @throws ProtocolError where the environ holds what a frame cannot carry
   */
  send(request: WorkerRequest): void {
    this.#lastId = (this.#lastId + 1) >>> 0 || 1;
    request.id = this.#lastId;
    const frame = encodeRequest(request.id, request.environ);
    request.entrust(this);
    this.#running.set(request.id, request);
    this.#sockets.data.write(frame);
  }

  grant(request: WorkerRequest, size: number): void {
    if (this.#open) this.#sockets.control.write(encodeCredit(request.id, size));
  }

  cancel(request: WorkerRequest): void {
    if (this.#open && this.#running.has(request.id)) this.#sockets.control.write(encodeFrame(TYPE.CANCEL, request.id));
  }

  /**
   * Answers 504 for what has run since before `oldest` without an answer. A worker that is still at one which began before `stuck` is to be killed.
   * @returns the requests that were answered
   */
  expire(oldest: number, stuck: number): WorkerRequest[] {
    const late: WorkerRequest[] = [];
    for (const request of this.#running.values()) {
      if (request.began > oldest) continue;
      if (request.expire()) late.push(request);
      else if (request.expired && request.began < stuck) this.#break('a request ran on after its timeout');
    }
    return late;
  }

  /** Asks for the stacks of all threads; the answer comes as a STACKS frame. */
  askStacks(): void {
    if (this.#open) this.#sockets.control.write(encodeFrame(TYPE.STACKS, 0));
  }

  /** Asks the worker to end when its requests have. */
  stop(): void {
    if (this.#open) this.#sockets.control.write(encodeFrame(TYPE.STOP, 0));
  }

  /**
   * The worker is dead: what it ran is answered 502.
   * @returns the ids of those requests
   */
  fail(): string[] {
    this.#open = false;
    const cut = [...this.#running.values()].filter((request) => !request.over);
    for (const request of cut) request.answer(502, 'the worker that ran this request died');
    for (const request of this.#running.values()) request.left();
    this.#running.clear();
    this.#sockets.data.destroy();
    this.#sockets.control.destroy();
    return cut.map((request) => request.requestId ?? '');
  }

  #receive(socket: Socket, reader: FrameReader, bytes: Buffer): void {
    if (!this.#open) return;
    try {
      reader.receive(bytes);
      for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
        if (socket === this.#sockets.control) this.#control(frame);
        else this.#data(frame);
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#break(`it broke the protocol: ${error.message}`);
    }
  }

  #control(frame: Frame): void {
    if (frame.type !== TYPE.READY && frame.type !== TYPE.FAILED && frame.type !== TYPE.STACKS) {
      throw new ProtocolError(`a frame of type ${frame.type} on the control link`);
    }
    this.#events.control(frame);
  }

  #data(frame: Frame): void {
    const request = this.#running.get(frame.id);
    if (request === undefined) throw new ProtocolError(`a frame for request ${frame.id}, which does not run`);
    const freed = frame.type === TYPE.DONE || (frame.flags & FLAG.FREE) !== 0;
    if (frame.type === TYPE.RESPONSE || frame.type === TYPE.DATA || frame.type === TYPE.ABORT) request.receive(frame);
    else if (frame.type !== TYPE.DONE) throw new ProtocolError(`a frame of type ${frame.type} on the data link`);
    if (!freed) return;
    if (!request.over) throw new ProtocolError('a slot freed before its response has ended');
    this.#running.delete(frame.id);
    request.left();
    this.#events.free();
  }

  #break(reason: string): void {
    if (!this.#open) return;
    this.#open = false;
    this.#events.broken(reason);
  }
}

/** A REQUEST frame: every string of the environ, and the body inline or by its path. */
export function encodeRequest(id: number, environ: Environ): Buffer {
  let head = '';
  let count = 0;
  for (const key in environ) {
    const value = environ[key];
    if (typeof value !== 'string') continue;
    head += headText(key) + headText(value);
    count++;
  }
  const body = environ[BUFFERED_BODY] as BufferedBody | undefined;
  if (body?.kind === 'file')
    return encodeFrame(TYPE.REQUEST, id, { flags: FLAG.PATH, count, head, body: Buffer.from(body.path, 'utf8') });
  return encodeFrame(TYPE.REQUEST, id, {
    flags: FLAG.INLINE,
    count,
    head,
    ...(body === undefined ? {} : { body: body.bytes }),
  });
}
