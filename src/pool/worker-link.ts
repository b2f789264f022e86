import type { Socket } from 'node:net';
import { ControlWords } from './control-words.ts';
import { encodeRequest } from './encode-request.ts';
import { type FrameSource, type FrameTaker, readFrames, readLargeFrames } from './frame-source.ts';
import { encodeCredit, encodeFrame, encodeJson, FLAG, FRAME_LIMIT, type Frame, ProtocolError, TYPE } from './frames.ts';
import { Pace } from './pace.ts';
import type { Progress } from './progress.ts';
import type { Start } from './start.ts';
import type { Carrier, WorkerRequest } from './worker-request.ts';

/** The front's two ends of one worker. */
export interface LinkSockets {
  readonly data: Socket;
  readonly control: Socket;
}

/** What the front and the worker have in memory between them. */
export interface SharedFiles {
  readonly progress: Progress;
  /** Which file of request bodies the worker has open. */
  readonly bodies: object | undefined;
}

/** What a link tells its pool. */
export interface LinkEvents {
  /** READY, FAILED, STACKS or PING came. */
  control(frame: Frame): void;
  /** A slot is free. */
  freed(): void;
  /** These are about to get 504 and to be interrupted: this is when to ask where they stand. */
  late(requests: readonly WorkerRequest[]): void;
  /** The worker has given these back: it had not begun them. */
  returned(requests: WorkerRequest[]): void;
  /** The worker broke the protocol, or its stream ended: it is to be killed. */
  broken(reason: string): void;
}

const ID_SIZE = 4;
const CREDIT_SIZE = 4;
/** Milliseconds that a worker with a shared event loop may take to begin a request, before that loop counts as held. */
const HELD_MS = 5;
/** A request gets 502 when so many workers have died with it, whether they say that they had begun it or not. */
const MOST_DEATHS = 2;

/**
 * The front's view of one worker: its sockets, its slots and the requests that it was given, in the order of their ids.
 *
 * The front counts slots: the oldest requests have one each (`slotSince`), the others were sent ahead. That count serves
 * pace, figures and timeouts. The requests that have begun are read in the progress file; those that have not and will
 * not begin are named by RETURNED. Nothing is inferred from the order of frames on two links.
 */
export class WorkerLink implements Carrier {
  readonly slots: number;
  readonly #debug: boolean;
  readonly #streaming: boolean;
  readonly #words = new ControlWords();
  readonly #progress: Progress;
  /** The file of request bodies that the worker has open. */
  readonly #bodies: object | undefined;
  readonly #source: FrameSource;
  /** The pace of its requests lately. */
  readonly pace = new Pace();
  /** The two that it goes on with. */
  readonly sockets: LinkSockets;
  readonly #events: LinkEvents;
  /** Few: an array, because a Map that changes with each request keeps its old tables, and with them dead requests, alive past a scavenge (measured: 30%). */
  #requests: WorkerRequest[] = [];
  /** Frames of this turn of the event loop: one write, which wakes the worker once. */
  #batch: Uint8Array[] = [];
  /** Of the request that was given last. */
  lastId = 0;
  #open = true;
  /** It broke the protocol: nothing more of what it said is believed. */
  #lied = false;
  #asked = false;
  /** The time of the last freed slot, or of the first request after it had none. */
  #movedAt = 0;
  /** The oldest request that it is not known to have begun, and when that was given; 0: none. */
  #unseenId = 0;
  #unseenSince = 0;
  #drained: PromiseWithResolvers<void> | undefined;

  constructor(sockets: LinkSockets, start: Start, { progress, bodies }: SharedFiles, events: LinkEvents) {
    this.slots = start.threads;
    this.#debug = start.debug;
    this.#streaming = start.streaming;
    this.#progress = progress;
    this.#bodies = bodies;
    this.#events = events;
    const { control } = sockets;
    const { socket: data, source } = readLargeFrames(
      sockets.data,
      FRAME_LIMIT.front,
      this.#taker((frame) => this.#data(frame)),
    );
    readFrames(
      control,
      FRAME_LIMIT.front,
      this.#taker((frame) => this.#control(frame)),
    );
    this.#source = source;
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
    return this.#requests.flatMap(({ slotSince, requestId }) =>
      slotSince === 0 || requestId === undefined ? [] : [requestId],
    );
  }

  /** The id of the request that runs, where it is the only one: what the worker prints belongs to it. */
  get onlyRequestId(): string | undefined {
    if (this.slots === 1) return this.#find(this.#progress.begun())?.requestId;
    return this.#requests.length === 1 ? this.#requests[0]?.requestId : undefined;
  }

  /** True where more may be sent ahead: a slot was freed after `oldest`, and nothing was asked back. */
  isPrompt(oldest: number): boolean {
    return !this.#asked && (this.#requests.length === 0 || this.#movedAt > oldest);
  }

  /** True where the worker has a slot for a request and has not begun it in time: the shared event loop is held. */
  isHeld(now: number): boolean {
    if (this.#unseenId === 0 || now - this.#unseenSince < HELD_MS) return false;
    const begun = this.#progress.begun();
    if (isAfter(this.#unseenId, begun)) return true;
    this.#unseenId = isAfter(this.lastId, begun) ? (begun + 1) >>> 0 : 0;
    this.#unseenSince = now;
    return false;
  }

  /**
   * Gives a request to the worker, ahead where no slot is free.
   * @param now when, in the pool's milliseconds
   * @returns whether a slot was free
   * @throws ProtocolError where the environ holds what a frame cannot carry
   */
  send(request: WorkerRequest, now: number): boolean {
    const id = (this.lastId + 1) >>> 0 || 1;
    const frame = encodeRequest(id, request.environ, this.#bodies);
    this.lastId = id;
    request.id = id;
    const hasSlot = this.freeSlots > 0;
    if (hasSlot) request.slotSince = now;
    if (this.#requests.length === 0) this.#movedAt = now;
    if (this.#unseenId === 0) {
      this.#unseenId = id;
      this.#unseenSince = now;
    }
    request.entrust(this);
    this.#requests.push(request);
    this.#add(frame);
    return hasSlot;
  }

  /** A slot was freed: it is for the oldest request that was sent ahead, which is returned. */
  giveSlot(now: number): WorkerRequest | undefined {
    this.#movedAt = now;
    if (this.#requests.length < this.slots) return undefined;
    for (const request of this.#requests) {
      if (request.slotSince !== 0) continue;
      request.slotSince = now;
      return request;
    }
    return undefined;
  }

  /** Asks for what has not begun, where something was sent ahead and no slot was freed since `oldest`. */
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
      if (request.slotSince !== 0 && request.hasGone()) this.sockets.control.write(encodeFrame(TYPE.GONE, request.id));
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
    const overdue = this.#requests.filter(({ slotSince, busySince }) => slotSince !== 0 && busySince <= oldest);
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
      if (request.slotSince === 0 && !request.over && request.since <= oldest) refuse(request);
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
   * Ends the link of a dead worker. Finished responses that it still held are taken from the progress file; other
   * requests that it had begun get 502.
   * @returns the ids of those requests, and the requests that it had not begun
   */
  fail(): { readonly cut: string[]; readonly unbegun: WorkerRequest[] } {
    this.#open = false;
    if (!this.#lied) this.#source.receive(this.#progress.unsent(this.#source.received));
    const given = this.#requests;
    this.#requests = [];
    const begun = this.#progress.begun();
    // After a breach of the protocol, whatever had a slot counts as begun: it might break the next worker too.
    for (const request of given) request.deaths++;
    const isBegun = ({ heard, id, slotSince, deaths }: WorkerRequest) =>
      heard || !isAfter(id, begun) || (this.#lied && slotSince !== 0) || deaths >= MOST_DEATHS;
    const unbegun = given.filter((request) => !isBegun(request));
    const cut = given.filter((request) => isBegun(request) && !request.over);
    for (const request of cut) request.answer(502, 'the worker that ran this request died');
    for (const request of given) request.left();
    this.sockets.data.destroy();
    this.sockets.control.destroy();
    this.#progress.close();
    return { cut: cut.map((request) => request.requestId ?? ''), unbegun };
  }

  #ask(type: typeof TYPE.STACKS | typeof TYPE.PING, id: number): void {
    if (!this.#open) return;
    this.#words.ask(type, id);
    this.sockets.control.write(encodeFrame(type, id));
  }

  #add(bytes: Uint8Array): void {
    if (this.#batch.push(bytes) === 1) setImmediate(() => this.#flush());
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
    if (this.#open) this.sockets.data.write(batch.length === 1 ? (batch[0] as Uint8Array) : Buffer.concat(batch));
  }

  /** Frames that come behind a lie are thrown away. */
  #taker(take: (frame: Frame) => void): FrameTaker {
    return {
      take: (frame) => {
        if (!this.#lied) take(frame);
      },
      broken: ({ message }) => {
        this.#lied = true;
        this.#break(`it broke the protocol: ${message}`);
      },
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
      if (request === undefined || request.heard || returned.has(id)) {
        throw new ProtocolError(`request ${id} was returned, which does not wait in the worker`);
      }
      returned.set(id, request);
    }
    this.#asked = false;
    // All that is left has begun; what was returned never will, and is not waited for.
    this.#unseenId = 0;
    for (const request of returned.values()) {
      this.#remove(request);
      request.left();
    }
    this.#events.returned([...returned.values()]);
  }

  #data(frame: Frame): void {
    const request = this.#find(frame.id);
    // One that was returned may run elsewhere by now.
    if (request === undefined) throw new ProtocolError(`a frame for request ${frame.id}, which it does not have`);
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
    const slow = (frame.flags & FLAG.SLOW) !== 0;
    this.pace.note(slow);
    this.#events.freed();
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

/** True where `id` was given after `other`; ids count up and begin anew at 2**32 (RFC 1982, serial numbers). */
function isAfter(id: number, other: number): boolean {
  return ((id - other) | 0) > 0;
}
