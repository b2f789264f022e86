import type { Socket } from 'node:net';
import { ControlWords } from './control-words.ts';
import { encodeRequest } from './encode-request.ts';
import { type FrameTaker, readFrames, readLargeFrames } from './frame-source.ts';
import { encodeCredit, encodeFrame, encodeJson, FLAG, FRAME_LIMIT, type Frame, ProtocolError, TYPE } from './frames.ts';
import type { Start } from './start.ts';
import type { Carrier, WorkerRequest } from './worker-request.ts';

/** The front's two ends of one worker. */
export interface LinkSockets {
  readonly data: Socket;
  readonly control: Socket;
}

/** What a link tells its pool. */
export interface LinkEvents {
  /** READY, FAILED, STACKS or PING came. */
  control(frame: Frame): void;
  /** A slot is free. `slow`: the request that held it ran for more than a millisecond, by the worker's clock. */
  freed(slow: boolean): void;
  /** These are about to get 504 and to be interrupted: this is when to ask where they stand. */
  late(requests: readonly WorkerRequest[]): void;
  /** The worker has given these back: it had not begun them. */
  returned(requests: WorkerRequest[]): void;
  /** The worker broke the protocol, or its stream ended: it is to be killed. */
  broken(reason: string): void;
}

const ID_SIZE = 4;
const CREDIT_SIZE = 4;
/** What is not the link's own to answer. */

/**
 * The front's view of one worker: its sockets, its slots and the requests that it was given, in that order. A worker begins them in their order, so those that
 * it has begun are the first of them, as many as it has slots; the others wait in it, sent ahead.
 */
export class WorkerLink implements Carrier {
  readonly slots: number;
  readonly #debug: boolean;
  readonly #streaming: boolean;
  readonly #words = new ControlWords();
  /** The two that it goes on with. */
  readonly sockets: LinkSockets;
  readonly #events: LinkEvents;
  /** Few: an array, because a Map that changes with each request keeps its old tables, and with them dead requests, alive past a scavenge (measured: 30%). */
  #requests: WorkerRequest[] = [];
  /** Frames of this turn of the event loop: they leave in one write, which wakes the worker once. */
  #batch: Buffer[] = [];
  #lastId = 0;
  #open = true;
  #asked = false;
  #drained: PromiseWithResolvers<void> | undefined;

  constructor(sockets: LinkSockets, start: Start, events: LinkEvents) {
    this.slots = start.threads;
    this.#debug = start.debug;
    this.#streaming = start.streaming;
    this.#events = events;
    const { control } = sockets;
    const data = readLargeFrames(
      sockets.data,
      FRAME_LIMIT.front,
      this.#taker((frame) => this.#data(frame)),
    );
    readFrames(
      control,
      FRAME_LIMIT.front,
      this.#taker((frame) => this.#control(frame)),
    );
    this.sockets = { data, control };
    for (const socket of [data, control]) {
      socket.on('error', () => undefined);
      socket.on('close', () => this.#break('its stream ended'));
    }
    for (const event of ['drain', 'close']) data.on(event, () => this.#drain());
    control.write(encodeJson(TYPE.START, start));
  }

  /** Slots that nothing was given to; below zero where requests were sent ahead. None where the worker is lost. */
  get freeSlots(): number {
    return this.#open ? this.slots - this.#requests.length : Number.NEGATIVE_INFINITY;
  }

  /** Requests that it was given, those sent ahead too. */
  get givenCount(): number {
    return this.#requests.length;
  }

  /** The ids of the requests that run. */
  get runningIds(): string[] {
    return this.#requests.flatMap(({ began, requestId }) =>
      began === 0 || requestId === undefined ? [] : [requestId],
    );
  }

  /** The id of the request that runs, where it is the only one: what the worker prints belongs to it. */
  get onlyRequestId(): string | undefined {
    if (this.slots > 1 && this.#requests.length !== 1) return undefined;
    return this.#requests[0]?.requestId;
  }

  /** Whether more may be sent ahead: what runs began after `oldest`, and nothing was asked back. */
  isPrompt(oldest: number): boolean {
    const first = this.#first;
    return !this.#asked && (first === undefined || first.began > oldest);
  }

  /**
   * Gives a request to the worker, ahead where no slot is free.
   * @param now when, in the pool's milliseconds
   * @returns whether a slot was free
   * @throws ProtocolError where the environ holds what a frame cannot carry
   */
  send(request: WorkerRequest, now: number): boolean {
    this.#lastId = (this.#lastId + 1) >>> 0 || 1;
    const frame = encodeRequest(this.#lastId, request.environ);
    request.id = this.#lastId;
    const begins = this.freeSlots > 0;
    if (begins) request.began = now;
    request.entrust(this);
    this.#requests.push(request);
    this.#add(frame);
    return begins;
  }

  /** A slot is free: the worker has begun the first of those that were sent ahead, which is returned. */
  beginNext(now: number): WorkerRequest | undefined {
    if (this.#requests.length < this.slots) return undefined;
    for (const request of this.#requests) {
      if (request.began !== 0) continue;
      request.began = now;
      return request;
    }
    return undefined;
  }

  /** Asks for what was sent ahead, where what runs began before `oldest`. */
  askBack(oldest: number): void {
    if (!this.#open || this.#asked || this.freeSlots >= 0 || this.isPrompt(oldest)) return;
    this.#asked = true;
    this.#flush();
    this.sockets.control.write(encodeFrame(TYPE.GIVE_BACK, 0));
  }

  grant(request: WorkerRequest, size: number): void {
    if (this.#open) this.sockets.control.write(encodeCredit(request.id, size));
  }

  cancel(request: WorkerRequest, flags = 0): void {
    if (this.#open && this.#requests.includes(request))
      this.sockets.control.write(encodeFrame(TYPE.CANCEL, request.id, { flags }));
  }

  /** Tells the worker of clients that have closed their side. */
  tellGone(): void {
    if (!this.#open) return;
    for (const request of this.#requests) {
      if (request.began !== 0 && request.hasGone()) this.sockets.control.write(encodeFrame(TYPE.GONE, request.id));
    }
  }

  feed(frame: Buffer): void | Promise<void> {
    if (!this.#open) return;
    this.#add(frame);
    if (!this.sockets.data.writableNeedDrain) return;
    this.#drained ??= Promise.withResolvers();
    return this.#drained.promise;
  }

  /**
   * Answers 504 for what has run since before `oldest` without an answer, and has it interrupted. A worker that is still at one which began before `stuck` is to be
   * killed.
   * @returns how many were answered
   */
  expire(oldest: number, stuck: number): number {
    const overdue = this.#requests.filter(({ began, busySince }) => began !== 0 && busySince <= oldest);
    const late = overdue.filter(({ over, started }) => !over && !started);
    if (late.length > 0) this.#events.late(late);
    for (const request of late) request.expire(504, 'the application did not answer in time', [], FLAG.INTERRUPT);
    for (const request of this.#requests) request.insist(oldest);
    if (this.#requests.some((request) => request.isStuck(stuck))) {
      this.#break('a request ran on after its timeout');
    }
    return late.length;
  }

  /** Refuses what was sent ahead before `oldest` and has not begun: a worker that cannot give it back keeps it. */
  expireAhead(oldest: number, refuse: (request: WorkerRequest) => void): void {
    if (this.freeSlots >= 0) return;
    for (const request of this.#requests) {
      if (request.began === 0 && !request.over && request.since <= oldest) refuse(request);
    }
  }

  /** Asks for the stacks of all threads; the answer comes as a STACKS frame of the same id. */
  askStacks(id: number): void {
    this.#ask(TYPE.STACKS, id);
  }

  /** Asks whether the worker is there; the answer comes as a PING frame of the same id. */
  ping(id: number): void {
    this.#ask(TYPE.PING, id);
  }

  /** Asks the worker to end when its requests have. */
  stop(): void {
    if (!this.#open) return;
    this.#flush();
    this.sockets.control.write(encodeFrame(TYPE.STOP, 0));
  }

  /**
   * The worker is dead: what it had begun is answered 502.
   * @returns the ids of those requests, and the requests that it had not begun
   */
  fail(): { readonly cut: string[]; readonly unbegun: WorkerRequest[] } {
    this.#open = false;
    const given = this.#requests;
    this.#requests = [];
    const unbegun = given.filter((request) => request.began === 0);
    const cut = given.filter((request) => request.began !== 0 && !request.over);
    for (const request of cut) request.answer(502, 'the worker that ran this request died');
    for (const request of given) request.left();
    this.sockets.data.destroy();
    this.sockets.control.destroy();
    return { cut: cut.map((request) => request.requestId ?? ''), unbegun };
  }

  #ask(type: typeof TYPE.STACKS | typeof TYPE.PING, id: number): void {
    if (!this.#open) return;
    this.#words.ask(type, id);
    this.sockets.control.write(encodeFrame(type, id));
  }

  get #first(): WorkerRequest | undefined {
    return this.#requests[0];
  }

  #add(frame: Buffer): void {
    if (this.#batch.push(frame) === 1) setImmediate(() => this.#flush());
  }

  /** The worker has taken what it was sent, or takes nothing any more. */
  #drain(): void {
    this.#drained?.resolve();
    this.#drained = undefined;
  }

  #flush(): void {
    const batch = this.#batch;
    if (batch.length === 0) return;
    this.#batch = [];
    if (this.#open) this.sockets.data.write(batch.length === 1 ? (batch[0] as Buffer) : Buffer.concat(batch));
  }

  /** Frames of a link that is lost are thrown away. */
  #taker(take: (frame: Frame) => void): FrameTaker {
    return {
      take: (frame) => {
        if (this.#open) take(frame);
      },
      broken: ({ message }) => this.#break(`it broke the protocol: ${message}`),
    };
  }

  #control(frame: Frame): void {
    if (frame.type === TYPE.RETURNED) return this.#takeBack(frame.body);
    if (frame.type === TYPE.CREDIT) return this.#credit(frame);
    this.#words.check(frame);
    this.#events.control(frame);
  }

  #credit({ id, body }: Frame): void {
    if (!this.#streaming || body.length !== CREDIT_SIZE) throw new ProtocolError(`a CREDIT of ${body.length} bytes`);
    const request = this.#find(id);
    // It may have crossed with the end of its request.
    if (request === undefined) this.#words.lateCredit();
    else request.want(body.readUInt32LE());
  }

  #takeBack(ids: Buffer): void {
    if (!this.#asked || ids.length % ID_SIZE !== 0) throw new ProtocolError('a RETURNED that was not asked for');
    const returned = new Map<number, WorkerRequest>();
    for (let at = 0; at < ids.length; at += ID_SIZE) {
      const id = ids.readUInt32LE(at);
      const request = this.#find(id);
      // It may count as begun here: a slot is free a moment before its thread takes the next.
      if (request === undefined || request.started || returned.has(id)) {
        throw new ProtocolError(`request ${id} was returned, which does not wait in the worker`);
      }
      returned.set(id, request);
    }
    this.#asked = false;
    for (const request of returned.values()) {
      this.#remove(request);
      request.left();
    }
    this.#events.returned([...returned.values()]);
  }

  #data(frame: Frame): void {
    const request = this.#find(frame.id);
    // What was sent ahead runs only behind a slot that was freed; else it could be begun a second time elsewhere.
    if (request === undefined || (request.began === 0 && !request.over)) {
      throw new ProtocolError(`a frame for request ${frame.id}, which does not run`);
    }
    const freed = frame.type === TYPE.DONE || (frame.flags & FLAG.FREE) !== 0;
    if (frame.type === TYPE.ABORT && frame.body.length > 0 && !this.#debug)
      throw new ProtocolError('an ABORT with a body');
    if (frame.type === TYPE.RESPONSE || frame.type === TYPE.DATA || frame.type === TYPE.ABORT) request.receive(frame);
    else if (frame.type !== TYPE.DONE) throw new ProtocolError(`a frame of type ${frame.type} on the data link`);
    if (!freed) return;
    if (!request.over) throw new ProtocolError('a slot freed before its response has ended');
    this.#remove(request);
    request.left();
    this.#words.ended();
    this.#events.freed((frame.flags & FLAG.SLOW) !== 0);
  }

  #find(id: number): WorkerRequest | undefined {
    for (const request of this.#requests) if (request.id === id) return request;
    return undefined;
  }

  #remove(request: WorkerRequest): void {
    if (this.#requests[0] === request) this.#requests.shift();
    else this.#requests.splice(this.#requests.indexOf(request), 1);
  }

  #break(reason: string): void {
    if (!this.#open) return;
    this.#open = false;
    this.#events.broken(reason);
  }
}
