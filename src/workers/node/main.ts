/** A Node worker: imports one application and calls it (docs/worker-protocol.md). */
import { Socket } from 'node:net';
import { basename } from 'node:path';
import { StartError } from '../../errors.ts';
import { encodeFrame, encodeJson, FRAME_LIMIT, type Frame, FrameReader, TYPE } from '../../pool/frames.ts';
import { PROTOCOL_VERSION, type Start } from '../../pool/start.ts';
import { Call } from '../../wsgi/call.ts';
import type { Application } from '../../wsgi/types.ts';
import { LinkSink } from './link-sink.ts';
import { load } from './loader.ts';
import { resolvePackages } from './packages.ts';
import { writeFault } from './records.ts';
import { readRequest } from './request.ts';

const DATA_FD = 3;
const CONTROL_FD = 4;
const FAILED_STATUS = 3;

/** The worker's side of its link: requests in, responses out. */
class Worker {
  readonly #data = new Socket({ fd: DATA_FD, readable: true, writable: true });
  readonly #control = new Socket({ fd: CONTROL_FD, readable: true, writable: true });
  readonly #running = new Map<number, { readonly call: Call; readonly sink: LinkSink; gone: boolean }>();
  #start: Start | undefined;
  #app: Application | undefined;
  #stopping = false;

  listen(): void {
    read(this.#control, (frame) => this.#receiveControl(frame));
    read(this.#data, (frame) => this.#receiveRequest(frame));
    // The front is dead: nothing that this worker does can reach anyone.
    this.#control.on('close', () => killGroup());
    this.#data.on('end', () => this.#stop());
    this.#data.on('error', () => this.#stop());
    this.#control.on('error', () => undefined);
  }

  #receiveControl(frame: Frame): void {
    switch (frame.type) {
      case TYPE.START:
        return void this.#boot(JSON.parse(frame.body.toString('utf8')) as Start);
      case TYPE.CREDIT:
        return this.#running.get(frame.id)?.sink.grant(frame.body.readUInt32LE());
      case TYPE.CANCEL:
        return this.#cancel(frame.id);
      case TYPE.STACKS:
        return void this.#control.write(encodeFrame(TYPE.STACKS, 0, { body: Buffer.from(describeWait(), 'utf8') }));
      case TYPE.STOP:
        return this.#stop();
      default:
        throw new Error(`a frame of type ${frame.type} on the control link`);
    }
  }

  async #boot(start: Start): Promise<void> {
    this.#start = start;
    process.title = `stillhouse: ${start.app}`;
    try {
      if (start.version !== PROTOCOL_VERSION) {
        const message = `the front speaks version ${start.version} of the worker protocol, this worker ${PROTOCOL_VERSION}`;
        throw new StartError({ code: 'APP_PROTOCOL_MISMATCH', message, cure: 'install one version of Stillhouse' });
      }
      resolvePackages(start.packages);
      const { app, callable } = await load(start);
      this.#app = app;
      this.#control.write(
        encodeJson(TYPE.READY, {
          version: PROTOCOL_VERSION,
          language: 'node',
          runtime: process.versions.node,
          callable,
        }),
      );
    } catch (error) {
      const { code, message, cure, traceback } = error as StartError;
      this.#control.write(encodeJson(TYPE.FAILED, { code, message, cure, traceback }), () =>
        process.exit(FAILED_STATUS),
      );
    }
  }

  #receiveRequest(frame: Frame): void {
    const start = this.#start as Start;
    const state = { gone: false };
    const request = readRequest(frame, start, () => state.gone);
    const sink = new LinkSink(this.#data, frame.id, start.window, (error) => writeFault(error, request.environ));
    const call = new Call(request.environ, sink, (problem) => writeFault(problem, request.environ, 'warn'));
    this.#running.set(frame.id, Object.assign(state, { call, sink }));
    void call.run(this.#app as Application, request.environ).then(async () => {
      request.environ['wsgi.errors'].flush();
      await request.close();
      this.#running.delete(frame.id);
      await sink.free();
      if (this.#stopping) this.#stop();
    });
  }

  #cancel(id: number): void {
    const running = this.#running.get(id);
    if (running === undefined) return;
    running.gone = true;
    running.sink.cancel();
    running.call.cancel();
  }

  /** Ends the process when what runs has ended. */
  #stop(): void {
    this.#stopping = true;
    if (this.#running.size > 0) return;
    this.#control.removeAllListeners('close');
    this.#data.end(() => process.exit(0));
  }
}

function read(socket: Socket, take: (frame: Frame) => void): void {
  const reader = new FrameReader(FRAME_LIMIT.worker);
  socket.on('data', (bytes: Buffer) => {
    reader.receive(bytes);
    for (let frame = reader.next(); frame !== undefined; frame = reader.next()) take(frame);
  });
}

/** What an import that does not end waits for. JavaScript that runs cannot be asked. */
function describeWait(): string {
  return `an await that does not end; the event loop waits for ${[...new Set(process.getActiveResourcesInfo())].join(', ')}`;
}

/** A worker leads its own session, so that what it forked dies with it. */
function killGroup(): never {
  process.kill(-process.pid, 'SIGKILL');
  process.exit(1);
}

// An error that nobody caught ends the process; it does so with one record, and not with a line for each frame.
process.on('uncaughtExceptionMonitor', (error) => writeFault(error, {}));
process.argv = [process.argv0, basename(process.argv[2] ?? '')];
new Worker().listen();
