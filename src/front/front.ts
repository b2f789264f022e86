import { createServer, type Server, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import { AppError, AppFailed, ClientError, ClientGone } from '../errors.ts';
import { HttpServer } from '../http/server.ts';
import { dispatch } from '../middleware/dispatch.ts';
import { type RequestRecord, recordRequests } from '../middleware/record-requests.ts';
import { requestId, requestIds } from '../middleware/request-id.ts';
import type { Log } from '../observe/log.ts';
import { Tally } from '../observe/tally.ts';
import type { Peer } from '../wsgi/environ.ts';
import type { Application, Environ, ErrorStream } from '../wsgi/types.ts';
import { FrontApp } from './front-app.ts';
import type { WorkerPipes } from './front-worker.ts';
import type { FromFront, FrontSettings, ToFront, WorkerPipe } from './protocol.ts';

const SNAPSHOT_MS = 1000;
/** How long requests may be on their way when the drain begins: a balancer's, and those of clients that keep connections. */
const DRAIN_GRACE_MS = 1000;

/** The front process: listeners, middleware and apps. It does what the supervisor says, and tells it what its workers do. */
export class Front {
  readonly #settings: FrontSettings;
  readonly #log: Log;
  readonly #tell: (message: FromFront) => void;
  readonly #tally = new Tally();
  readonly #apps: ReadonlyMap<string, FrontApp>;
  /** The app of each worker. */
  readonly #workers = new Map<number, FrontApp>();
  readonly #pipes = new Map<number, Partial<Record<WorkerPipe, Socket>>>();
  readonly #nextId = requestIds();
  readonly #listeners: Server[] = [];
  readonly #servers: HttpServer[] = [];
  readonly #snapshots: NodeJS.Timeout;

  constructor(settings: FrontSettings, log: Log, tell: (message: FromFront) => void) {
    this.#settings = settings;
    this.#log = log;
    this.#tell = tell;
    const make = (mount: FrontSettings['apps'][number]) =>
      [mount.name, new FrontApp(mount, settings, log.logger, this.#tally.app(mount.name))] as const;
    this.#apps = new Map(settings.apps.map(make));
    this.#snapshots = setInterval(() => this.#sendSnapshot(), SNAPSHOT_MS);
  }

  /** Does what one message of the supervisor asks. */
  receive(message: Exclude<ToFront, { type: 'configure' }>, handle?: Socket): void {
    switch (message.type) {
      case 'prepare':
        this.#apps.get(message.plan.app)?.prepare(message.plan);
        return this.#tell({ type: 'prepared', app: message.plan.app, generation: message.plan.generation });
      case 'pipe':
        this.#pipes.set(message.worker, { ...this.#pipes.get(message.worker), [message.pipe]: handle });
        return;
      case 'worker':
        return this.#adopt(message);
      case 'worker-gone':
        return void this.#lose(message.worker, message.why);
      case 'commit':
        this.#apps.get(message.app)?.commit(message.generation);
        return this.#tell({ type: 'committed', app: message.app, generation: message.generation });
      case 'retire':
        return void this.#apps.get(message.app)?.retire(message.generation);
      case 'stacks':
        return void this.#answerStacks(message.app, message.question);
      case 'listen':
        return this.#listen();
      case 'drain':
        return void this.#drain();
    }
  }

  /** Kills every worker and what it forked; the kernel has done it where the supervisor died, but for what was forked. */
  killWorkers(): void {
    for (const app of this.#apps.values()) app.killWorkers();
  }

  async #answerStacks(app: string, question: number): Promise<void> {
    this.#tell({ type: 'stacks', question, workers: (await this.#apps.get(app)?.stacks()) ?? [] });
  }

  #adopt({ worker, app: name, generation, pid }: Extract<ToFront, { type: 'worker' }>): void {
    const app = this.#apps.get(name);
    const pipes = this.#pipes.get(worker);
    this.#pipes.delete(worker);
    const adopted =
      hasAllPipes(pipes) &&
      app?.adopt(worker, generation, pid, pipes, {
        ready: (ready) => this.#tell({ type: 'worker-ready', worker, ready }),
        failed: (failure) => this.#tell({ type: 'worker-failed', worker, failure }),
        broken: (why) => this.#tell({ type: 'worker-broken', worker, why }),
      });
    if (app === undefined || adopted !== true) {
      this.#tell({ type: 'worker-broken', worker, why: 'its pipes did not reach the front' });
      return;
    }
    this.#workers.set(worker, app);
  }

  async #lose(worker: number, why: string): Promise<void> {
    const app = this.#workers.get(worker);
    this.#workers.delete(worker);
    await app?.lose(worker, why);
    this.#tell({ type: 'worker-lost', worker });
  }

  #listen(): void {
    const app = this.#application();
    let waiting = this.#settings.addresses.length;
    for (const { fd, host, port } of this.#settings.addresses) {
      const server = new HttpServer({
        app,
        limits: this.#settings.limits,
        // The worker that runs the application says how it does.
        flags: { multithread: false, multiprocess: true, errors: this.#errorStream() },
        serverName: host,
        serverPort: port,
        report: (problem, environ) => this.#report(problem, environ),
        onError: (error, peer, environ) => this.#onError(error, peer, environ),
      });
      const listener = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(server, socket));
      listener.on('error', (error) => {
        const message = `cannot listen on ${host}:${port}: ${error.message}`;
        this.#tell({ type: 'front-failed', failure: { code: 'FRONT_FAILED', message, cure: 'see the error' } });
      });
      listener.listen({ fd }, () => {
        if (--waiting === 0) this.#tell({ type: 'listening' });
      });
      this.#listeners.push(listener);
      this.#servers.push(server);
    }
  }

  async #accept(server: HttpServer, socket: Socket): Promise<void> {
    this.#tally.accepted++;
    this.#tally.connections++;
    await server.serve(socket);
    this.#tally.connections--;
  }

  /** All middleware around all apps, folded once. */
  #application(): Application {
    const mounts = this.#settings.apps.map(({ name, path, host }) => ({
      name,
      path,
      host,
      app: (this.#apps.get(name) as FrontApp).application,
    }));
    const recorded = recordRequests(
      (record) => this.#record(record),
      () => performance.now(),
    )(dispatch(mounts));
    return requestId(this.#nextId)(recorded);
  }

  #record(record: RequestRecord): void {
    if (record.app !== '') {
      const tally = this.#tally.app(record.app);
      tally.request(record.method, record.status);
      tally.latency.observe(record.ms / 1000);
      tally.requestBytes += record.received;
      tally.responseBytes += record.bytes;
    } else {
      this.#tally.unmatched++;
    }
    if (this.#settings.accessLog) this.#log.info({ kind: 'access', ...record });
  }

  #sendSnapshot(): void {
    this.#tally.logDropped = this.#log.dropped();
    this.#tell({ type: 'snapshot', families: this.#tally.snapshot((app) => (this.#apps.get(app) as FrontApp).load) });
  }

  async #drain(): Promise<void> {
    // The kernel resets the connections that nobody has accepted when the listener closes: so that comes when they have ceased.
    await Promise.race([this.#quiet(), setTimeout(DRAIN_GRACE_MS)]);
    for (const listener of this.#listeners) listener.close();
    await this.#quiet();
    await Promise.all([...this.#apps.values()].map((app) => app.drain()));
    clearInterval(this.#snapshots);
    this.#sendSnapshot();
    this.#tell({ type: 'drained' });
  }

  /** Resolves when no client is connected any more. */
  async #quiet(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.drain(DRAIN_GRACE_MS)));
  }

  #report(problem: Error & { code?: string; cure?: string }, environ: Environ): void {
    const { code, cure, message } = problem;
    this.#log.logger.warn({ request: environ.HTTP_X_REQUEST_ID, code, cure }, message);
  }

  #onError(error: unknown, peer: Peer, environ: Environ | undefined): void {
    const { logger } = this.#log;
    if (error instanceof ClientGone || error instanceof AppFailed) return;
    if (error instanceof ClientError) {
      this.#tally.refused(error.code);
      const request = environ?.HTTP_X_REQUEST_ID ?? this.#nextId();
      const refusal = { kind: 'refused', request, remote: peer.remoteAddress, status: error.status, code: error.code };
      logger.info(refusal, error.message);
      return;
    }
    const request = environ?.HTTP_X_REQUEST_ID;
    if (error instanceof AppError) logger.error({ request, code: error.code, cure: error.cure }, error.message);
    else logger.error({ request, code: 'RESPONSE_FAILED' }, error instanceof Error ? error.message : String(error));
  }

  #errorStream(): ErrorStream {
    const write = (text: string) => this.#log.logger.error(text);
    return { write, writelines: (lines) => write([...lines].join('')), flush: () => undefined };
  }
}

function hasAllPipes(pipes: Partial<Record<WorkerPipe, Socket>> | undefined): pipes is WorkerPipes {
  return (
    pipes?.stdout !== undefined && pipes.stderr !== undefined && pipes.data !== undefined && pipes.control !== undefined
  );
}
