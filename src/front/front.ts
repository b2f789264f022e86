import type { Server, Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import { AppError, AppFailed, ClientError, ClientGone } from '../errors.ts';
import { DEFAULT_LIMITS } from '../http/limits.ts';
import { HttpServer } from '../http/server.ts';
import type { ClientSocket } from '../http/sockets/client-socket.ts';
import { createListener } from '../http/sockets/listener.ts';
import { SpareListeners } from '../http/sockets/spare-listeners.ts';
import { BodyMemory } from '../middleware/body-memory.ts';
import { dispatch } from '../middleware/dispatch.ts';
import { type RequestRecord, recordRequests } from '../middleware/record-requests.ts';
import { requestId, requestIds } from '../middleware/request-id.ts';
import type { Log } from '../observe/log.ts';
import { Tally } from '../observe/tally.ts';
import type { Peer } from '../wsgi/environ.ts';
import type { Application, Environ, ErrorStream } from '../wsgi/types.ts';
import { ownMostConnections } from './connection-limit.ts';
import { FrontApp } from './front-app.ts';
import type { WorkerPipes } from './front-worker.ts';
import type { FromFront, FrontSettings, RouteTable, ToFront, WorkerPipe } from './protocol.ts';

const SNAPSHOT_MS = 1000;
/** How often the supervisor hears of what waits, where anything does. */
const LOAD_MS = 100;
/** How long requests may be on their way when the drain begins: a balancer's, and those of clients that keep connections. */
const DRAIN_GRACE_MS = 1000;

const DROPPED_CURE =
  'raise the limit of open files (ulimit -n, LimitNOFILE=, docker run --ulimit nofile=N), or set keep_alive lower';

/** The front process: listeners, middleware and apps. It does what the supervisor says, and tells it what its workers do. */
export class Front {
  readonly #settings: FrontSettings;
  readonly #log: Log;
  readonly #tell: (message: FromFront) => void;
  readonly #tally = new Tally();
  readonly #apps = new Map<string, FrontApp>();
  /** The app of each worker. */
  readonly #workers = new Map<number, FrontApp>();
  readonly #pipes = new Map<number, Partial<Record<WorkerPipe, Socket>>>();
  readonly #nextId = requestIds();
  readonly #bodies: BodyMemory;
  readonly #listeners: (Server | SpareListeners)[] = [];
  readonly #servers: HttpServer[] = [];
  readonly #timers: readonly NodeJS.Timeout[];
  /** One object for all connections, which a table changes. */
  readonly #limits = { ...DEFAULT_LIMITS };
  #dispatch: Application = dispatch([]);
  #mounted: ReadonlySet<string> = new Set();
  #accessLog = false;
  #wasBusy = false;
  readonly #mostConnections = ownMostConnections();
  /** Connections that the log has been told of. */
  #droppedBefore = 0;

  constructor(settings: FrontSettings, log: Log, tell: (message: FromFront) => void) {
    this.#settings = settings;
    this.#log = log;
    this.#tell = tell;
    this.#bodies = new BodyMemory(settings.bodyMemoryTotal);
    this.#timers = [setInterval(() => this.#sendSnapshot(), SNAPSHOT_MS), setInterval(() => this.#tellLoad(), LOAD_MS)];
  }

  /** Does what one message of the supervisor asks. */
  receive(message: Exclude<ToFront, { type: 'configure' }>, handle?: Socket): void {
    switch (message.type) {
      case 'prepare':
        return this.#appOf(message.plan.app).prepare(message.plan);
      case 'pipe':
        this.#pipes.set(message.worker, { ...this.#pipes.get(message.worker), [message.pipe]: handle });
        return;
      case 'worker':
        return this.#adopt(message);
      case 'worker-gone':
        return void this.#lose(message.worker, message.why);
      case 'release':
        return this.#workers.get(message.worker)?.release(message.worker);
      case 'commit':
        this.#commit(message.table);
        return this.#tell({ type: 'committed', number: message.table.number });
      case 'retire':
        return void this.#retire(message.app, message.generation);
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

  /** Everything of a table takes effect in one turn of the event loop: no request sees a part of it. */
  #commit({ routes, limits, accessLog }: RouteTable): void {
    Object.assign(this.#limits, limits);
    this.#accessLog = accessLog;
    this.#mounted = new Set(routes.map(({ mount }) => mount.name));
    for (const { mount, generation } of routes)
      if (generation !== undefined) this.#appOf(mount.name).commit(generation);
    this.#dispatch = dispatch(routes.map(({ mount }) => ({ ...mount, app: this.#appOf(mount.name).application })));
  }

  async #retire(name: string, generation: number): Promise<void> {
    const app = this.#apps.get(name);
    await app?.retire(generation);
    if (app?.isOver === true && !this.#mounted.has(name)) this.#apps.delete(name);
  }

  #appOf(name: string): FrontApp {
    // What waits already is told at the next tick.
    const starved = () => {
      if (!this.#wasBusy) this.#tellLoad();
    };
    const app =
      this.#apps.get(name) ??
      new FrontApp(name, this.#settings, this.#bodies, this.#log.logger, this.#tally.app(name), starved);
    this.#apps.set(name, app);
    return app;
  }

  #adopt({ type: _, worker, app: name, ...of }: Extract<ToFront, { type: 'worker' }>): void {
    const app = this.#apps.get(name);
    const pipes = this.#pipes.get(worker);
    this.#pipes.delete(worker);
    const adopted =
      hasAllPipes(pipes) &&
      app?.adopt({ id: worker, ...of }, pipes, {
        ready: (ready) => this.#tell({ type: 'worker-ready', worker, ready }),
        failed: (failure) => this.#tell({ type: 'worker-failed', worker, failure }),
        broken: (why) => this.#tell({ type: 'worker-broken', worker, why }),
        hung: (why) => this.#tell({ type: 'worker-hung', worker, why }),
        spent: () => this.#tell({ type: 'worker-spent', worker }),
      });
    if (app === undefined || adopted !== true) {
      this.#tell({ type: 'worker-broken', worker, why: 'its pipes or its progress file did not reach the front' });
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
    for (const { fd, spareFds, host, port } of this.#settings.addresses) {
      const server = new HttpServer({
        app,
        limits: this.#limits,
        // The worker that runs the application says how it does.
        flags: { multithread: false, multiprocess: true, errors: this.#errorStream() },
        serverName: host,
        serverPort: port,
        report: (problem, environ) => this.#report(problem, environ),
        onError: (error, peer, environ) => this.#onError(error, peer, environ),
      });
      const listener = createListener((socket) => {
        spares.count();
        this.#accept(server, socket);
      });
      const spares = new SpareListeners(spareFds, (socket) => this.#accept(server, socket));
      listener.on('error', (error) => {
        const message = `cannot listen on ${host}:${port}: ${error.message}`;
        this.#tell({ type: 'front-failed', failure: { code: 'FRONT_FAILED', message, cure: 'see the error' } });
      });
      listener.listen({ fd }, () => {
        if (--waiting === 0) this.#tell({ type: 'listening' });
      });
      this.#listeners.push(listener, spares);
      this.#servers.push(server);
    }
  }

  #accept(server: HttpServer, socket: ClientSocket): void {
    if (this.#tally.connections >= this.#mostConnections) {
      this.#tally.dropped++;
      socket.destroy();
      return;
    }
    this.#tally.accepted++;
    this.#tally.connections++;
    server.serve(socket, this.#onClosed);
  }

  readonly #onClosed = (): void => {
    this.#tally.connections--;
  };

  /** All middleware around whatever is mounted, folded once. */
  #application(): Application {
    const recorded = recordRequests(
      (record) => this.#record(record),
      () => performance.now(),
    )((environ, startResponse) => this.#dispatch(environ, startResponse));
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
    if (this.#accessLog) this.#log.info({ kind: 'access', ...record });
  }

  /** Once a second at the most, however many there are. */
  #tellDropped(): void {
    const dropped = this.#tally.dropped - this.#droppedBefore;
    if (dropped === 0) return;
    this.#droppedBefore = this.#tally.dropped;
    this.#log.logger.error(
      { code: 'CONNECTIONS_DROPPED', dropped, most: this.#mostConnections, cure: DROPPED_CURE },
      `new connections were closed: there are ${this.#mostConnections}, and the limit of open files leaves room for no more`,
    );
  }

  #sendSnapshot(): void {
    for (const app of this.#apps.values()) app.trim();
    this.#tellDropped();
    this.#tally.logDropped = this.#log.dropped();
    const none = { queued: 0, inFlight: 0 };
    const families = this.#tally.snapshot((app) => this.#apps.get(app)?.load ?? none);
    this.#tell({ type: 'snapshot', families, served: [...this.#apps.values()].flatMap(({ served }) => served) });
    this.#tellLoad(true);
  }

  /** @param quiet also where nothing waits, nor did before */
  #tellLoad(quiet = false): void {
    const loads = [...this.#apps.values()].map(({ load }) => load);
    const isBusy = loads.some(({ queued }) => queued > 0);
    if (isBusy || this.#wasBusy || quiet) this.#tell({ type: 'load', loads });
    this.#wasBusy = isBusy;
  }

  async #drain(): Promise<void> {
    // The kernel resets the connections that nobody has accepted when the listener closes: so that comes when they have ceased.
    await Promise.race([this.#quiet(), setTimeout(DRAIN_GRACE_MS)]);
    for (const listener of this.#listeners) listener.close();
    await this.#quiet();
    await Promise.all([...this.#apps.values()].map((app) => app.drain()));
    for (const timer of this.#timers) clearInterval(timer);
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
