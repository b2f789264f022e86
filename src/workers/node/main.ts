/** A Node worker: imports one application and calls it (docs/worker-protocol.md). */
import { Socket } from 'node:net';
import { basename } from 'node:path';
import { StartError } from '../../errors.ts';
import {
  encodeCredit,
  encodeFrame,
  encodeJson,
  FLAG,
  FRAME_LIMIT,
  type Frame,
  FrameReader,
  TYPE,
} from '../../pool/frames.ts';
import { PROTOCOL_VERSION, type Start } from '../../pool/start.ts';
import { Call } from '../../wsgi/call.ts';
import type { Application } from '../../wsgi/types.ts';
import { validator } from '../../wsgi/validator.ts';
import { ControlLink } from './control-link.ts';
import { Environs } from './environs.ts';
import { LinkSink } from './link-sink.ts';
import { load } from './loader.ts';
import { Outbox } from './outbox.ts';
import { resolvePackages } from './packages.ts';
import { noteBegun } from './progress.ts';
import { faultText, writeFault } from './records.ts';
import { type Request, readRequest } from './request.ts';
import { RequestLife } from './request-life.ts';
import type { StreamedBody } from './streamed-body.ts';

const DATA_FD = 3;
const READ_SIZE = 65_536;
const FAILED_STATUS = 3;

interface Running {
  readonly id: number;
  readonly call: Call;
  readonly sink: LinkSink;
  readonly body: StreamedBody | undefined;
  readonly life: RequestLife;
}

/** The worker's side of its link: requests in, responses out. */
class Worker {
  readonly #data = openData(
    (frame) => this.#receiveData(frame),
    () => this.#fill(),
  );
  readonly #control = new ControlLink();
  readonly #outbox = new Outbox(this.#data);
  /** Few: an array, because a Map that changes with each request keeps dead ones alive past a scavenge. */
  readonly #running: Running[] = [];
  /** Requests that were sent ahead of a free slot, and those among them that nobody waits for any more. */
  readonly #waiting: Frame[] = [];
  readonly #gone = new Set<number>();
  #start: Start | undefined;
  #environs: Environs | undefined;
  #app: Application | undefined;
  #stopping = false;
  /** Requests are being begun: one that ends at once does not begin the next inside of it. */
  #filling = false;

  listen(): void {
    this.#control.listen((frame) => this.#receiveControl(frame));
    this.#data.on('end', () => this.#stop());
    this.#data.on('error', () => this.#stop());
  }

  #receiveControl(frame: Frame): void {
    switch (frame.type) {
      case TYPE.START:
        return void this.#boot(JSON.parse(frame.body.toString('utf8')) as Start);
      case TYPE.CREDIT:
        return this.#find(frame.id)?.sink.grant(frame.body.readUInt32LE());
      case TYPE.CANCEL:
        return this.#cancel(frame.id, (frame.flags & FLAG.INTERRUPT) !== 0);
      case TYPE.GONE:
        return this.#find(frame.id)?.life.halfClose();
      case TYPE.GIVE_BACK:
        return this.#giveBack();
      case TYPE.STOP:
        return this.#stop();
      default:
        throw new Error(`a frame of type ${frame.type} on the control link`);
    }
  }

  async #boot(start: Start): Promise<void> {
    this.#start = start;
    this.#environs = new Environs(start);
    process.title = `stillhouse: ${start.app}`;
    try {
      if (start.version !== PROTOCOL_VERSION) {
        const message = `the front speaks version ${start.version} of the worker protocol, this worker ${PROTOCOL_VERSION}`;
        throw new StartError({ code: 'APP_PROTOCOL_MISMATCH', message, cure: 'install one version of Stillhouse' });
      }
      resolvePackages(start.packages);
      const { app, callable } = await load(start);
      this.#app = start.lint ? validator(app) : app;
      this.#control.send(
        encodeJson(TYPE.READY, {
          version: PROTOCOL_VERSION,
          language: 'node',
          runtime: process.versions.node,
          callable,
        }),
      );
    } catch (error) {
      const { code, message, cure, traceback } = error as StartError;
      const failed = encodeJson(TYPE.FAILED, { code, message, cure, traceback });
      this.#control.sendLast(failed, () => process.exit(FAILED_STATUS));
    }
  }

  /** What comes for a request that has ended has crossed with its end. */
  #receiveData(frame: Frame): void {
    if (frame.type === TYPE.REQUEST) {
      this.#waiting.push(frame);
      return;
    }
    const body = this.#find(frame.id)?.body;
    if (frame.type === TYPE.DATA) body?.receive(frame.body, (frame.flags & FLAG.END) !== 0);
    else if (frame.type === TYPE.ABORT) body?.abort(frame.body.toString('utf8'));
    else throw new Error(`a frame of type ${frame.type} on the data link`);
  }

  /** Begins waiting requests while slots are free. Those of one read are noted as begun together. */
  #fill(): void {
    if (this.#filling) return;
    this.#filling = true;
    const slots = this.#start?.threads ?? 0;
    for (let free = slots - this.#running.length; free > 0; free = slots - this.#running.length) {
      // With one slot the next request waits for the last response to leave: it may end this process.
      if (slots === 1 && this.#waiting.length > 0 && !this.#outbox.isSent(() => this.#fill())) break;
      const next = this.#waiting.splice(0, free);
      const last = next.at(-1);
      if (last === undefined) break;
      noteBegun(last.id);
      for (const frame of next) {
        if (this.#gone.delete(frame.id)) this.#outbox.write(encodeFrame(TYPE.ABORT, frame.id, { flags: FLAG.FREE }));
        else this.#begin(frame);
      }
    }
    this.#filling = false;
  }

  #giveBack(): void {
    const body = Buffer.alloc(4 * this.#waiting.length);
    for (const [at, { id }] of this.#waiting.entries()) body.writeUInt32LE(id, 4 * at);
    this.#waiting.length = 0;
    this.#gone.clear();
    this.#control.send(encodeFrame(TYPE.RETURNED, 0, { body }));
  }

  #begin(frame: Frame): void {
    const start = this.#start as Start;
    const life = new RequestLife();
    const grant = (size: number) => this.#control.send(encodeCredit(frame.id, size));
    const request = readRequest(frame, this.#environs as Environs, { life, window: start.window, grant });
    const failed = (error: unknown) => {
      writeFault(error, request.environ);
      return start.debug ? faultText(error) : '';
    };
    const sink = new LinkSink(this.#outbox, frame.id, start.window, failed);
    const report = (problem: Error) => writeFault(problem, request.environ, 'warn');
    const call = new Call(request.environ, sink, report, () => this.#finish(frame.id, request, sink));
    this.#running.push({ id: frame.id, call, sink, body: request.body, life });
    call.run(this.#app as Application, request.environ);
  }

  #finish(id: number, request: Request, sink: LinkSink): void {
    request.environ['wsgi.errors'].flush();
    const closing = request.close();
    if (closing === undefined) this.#free(id, sink);
    else void closing.then(() => this.#free(id, sink));
  }

  #free(id: number, sink: LinkSink): void {
    const freeing = sink.free();
    if (freeing === undefined) this.#leave(id);
    else void freeing.then(() => this.#leave(id));
  }

  #leave(id: number): void {
    const at = this.#running.findIndex((running) => running.id === id);
    if (at >= 0) this.#running.splice(at, 1);
    if (this.#waiting.length > 0) this.#fill();
    if (this.#stopping) this.#stop();
  }

  #find(id: number): Running | undefined {
    return this.#running.find((running) => running.id === id);
  }

  #cancel(id: number, timedOut: boolean): void {
    const running = this.#find(id);
    if (running === undefined) {
      if (this.#waiting.some((frame) => frame.id === id)) this.#gone.add(id);
      return;
    }
    running.life.end(timedOut);
    running.sink.cancel();
    running.call.cancel();
  }

  /** Ends the process when what runs has ended. */
  #stop(): void {
    this.#stopping = true;
    if (this.#running.length > 0) return;
    this.#control.end();
    this.#outbox.end(() => process.exit(0));
  }
}

/**
 * The data link, read into memory that is used again: with a buffer of 64 KiB for each read the collector marked the
 * whole heap ten times a second.
 * @param taken all frames of a read have been taken
 */
function openData(take: (frame: Frame) => void, taken: () => void): Socket {
  const reader = new FrameReader(FRAME_LIMIT.worker);
  const buffer = Buffer.allocUnsafeSlow(READ_SIZE);
  const callback = (size: number) => {
    reader.receive(Buffer.from(buffer.subarray(0, size)));
    for (let frame = reader.next(); frame !== undefined; frame = reader.next()) take(frame);
    taken();
    return true;
  };
  // Node's types do not know `onread` here; its documentation does (net.Socket).
  return new Socket({ fd: DATA_FD, readable: true, writable: true, onread: { buffer, callback } } as object);
}

// An error that nobody caught ends the process; it does so with one record, and not with a line for each frame.
process.on('uncaughtExceptionMonitor', (error) => writeFault(error, {}));
process.argv = [process.argv0, basename(process.argv[2] ?? '')];
new Worker().listen();
