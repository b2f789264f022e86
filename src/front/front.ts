import { createServer, type Server, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { AppError, AppFailed, ClientError, ClientGone } from '../errors.ts';
import { HttpServer } from '../http/server.ts';
import { accessLog } from '../middleware/access-log.ts';
import { bufferBody } from '../middleware/buffer-body.ts';
import { requestId, requestIds } from '../middleware/request-id.ts';
import type { Log } from '../observe/log.ts';
import { Pool } from '../pool/pool.ts';
import type { Peer } from '../wsgi/environ.ts';
import type { Application, Environ, ErrorStream } from '../wsgi/types.ts';
import { FrontWorker } from './front-worker.ts';
import type { FromFront, FrontSettings, GenerationPlan, ToFront, WorkerPipe } from './protocol.ts';

interface Generation {
  readonly plan: GenerationPlan;
  readonly pool: Pool;
  readonly workers: Set<number>;
}

/**
 * The front process: listeners, middleware and the pools of one app's generations. It does what the supervisor says, and tells it what its workers do.
 */
export class Front {
  readonly #settings: FrontSettings;
  readonly #log: Log;
  readonly #tell: (message: FromFront) => void;
  readonly #generations = new Map<number, Generation>();
  readonly #workers = new Map<number, FrontWorker>();
  readonly #pipes = new Map<number, Partial<Record<WorkerPipe, Socket>>>();
  readonly #nextId = requestIds();
  #current: Generation | undefined;
  #listeners: Server[] = [];
  #servers: HttpServer[] = [];

  constructor(settings: FrontSettings, log: Log, tell: (message: FromFront) => void) {
    this.#settings = settings;
    this.#log = log;
    this.#tell = tell;
  }

  /** Does what one message of the supervisor asks. */
  receive(message: Exclude<ToFront, { type: 'configure' }>, handle?: Socket): void {
    switch (message.type) {
      case 'prepare':
        return this.#prepare(message.plan);
      case 'pipe':
        this.#pipes.set(message.worker, { ...this.#pipes.get(message.worker), [message.pipe]: handle });
        return;
      case 'worker':
        return this.#adopt(message.worker, message.generation, message.pid);
      case 'worker-gone':
        return this.#lose(message.worker, message.why);
      case 'commit':
        return this.#commit(message.generation);
      case 'retire':
        return void this.#retire(message.generation);
      case 'drain':
        return void this.#drain();
    }
  }

  /** Kills every worker and what it forked; the kernel has done it where the supervisor died, but for what was forked. */
  killWorkers(): void {
    for (const worker of this.#workers.values()) worker.kill();
  }

  #prepare(plan: GenerationPlan): void {
    const pool = new Pool({ window: plan.start.window, queueTime: plan.queueTime, patience: plan.patience });
    this.#generations.set(plan.generation, { plan, pool, workers: new Set() });
    this.#tell({ type: 'prepared', generation: plan.generation });
  }

  #adopt(worker: number, generation: number, pid: number): void {
    const into = this.#generations.get(generation);
    const pipes = this.#pipes.get(worker);
    this.#pipes.delete(worker);
    if (into === undefined || !hasAllPipes(pipes)) {
      this.#tell({ type: 'worker-broken', worker, why: 'its pipes did not reach the front' });
      return;
    }
    const log = this.#log.logger.child({ app: into.plan.start.app, worker: pid });
    into.workers.add(worker);
    this.#workers.set(
      worker,
      new FrontWorker(pipes, pid, into.plan, into.pool, log, {
        ready: (ready) => this.#tell({ type: 'worker-ready', worker, ready }),
        failed: (failure) => this.#tell({ type: 'worker-failed', worker, failure }),
        broken: (why) => this.#tell({ type: 'worker-broken', worker, why }),
      }),
    );
  }

  #lose(worker: number, why: string): void {
    for (const { workers } of this.#generations.values()) workers.delete(worker);
    const lost = this.#workers.get(worker)?.gone(why) ?? Promise.resolve();
    this.#workers.delete(worker);
    void lost.then(() => this.#tell({ type: 'worker-lost', worker }));
  }

  #commit(generation: number): void {
    const next = this.#generations.get(generation);
    if (next === undefined) return;
    this.#current = next;
    if (this.#listeners.length === 0) this.#listen(generation);
    else this.#tell({ type: 'committed', generation });
  }

  async #retire(generation: number): Promise<void> {
    const old = this.#generations.get(generation);
    if (old === undefined) return;
    this.#generations.delete(generation);
    await old.pool.drained();
    for (const worker of old.workers) this.#workers.get(worker)?.stop();
  }

  #listen(generation: number): void {
    const app = this.#application();
    let waiting = this.#settings.addresses.length;
    for (const { fd, host, port } of this.#settings.addresses) {
      const server = new HttpServer({
        app,
        limits: this.#settings.limits,
        flags: { multithread: false, multiprocess: true, errors: this.#errorStream() },
        serverName: host,
        serverPort: port,
        report: (problem, environ) => this.#report(problem, environ),
        onError: (error, peer, environ) => this.#onError(error, peer, environ),
      });
      const listener = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => void server.serve(socket));
      listener.on('error', (error) => {
        this.#tell({
          type: 'front-failed',
          failure: {
            code: 'FRONT_FAILED',
            message: `cannot listen on ${host}:${port}: ${error.message}`,
            cure: 'see the error',
          },
        });
      });
      listener.listen({ fd }, () => {
        if (--waiting === 0) this.#tell({ type: 'committed', generation });
      });
      this.#listeners.push(listener);
      this.#servers.push(server);
    }
  }

  /** Middleware around whatever generation serves now, folded once. */
  #application(): Application {
    const current: Application = (environ, startResponse) =>
      (this.#current as Generation).pool.application(environ, startResponse);
    const { bodyMemory, spoolDirectory } = this.#settings;
    const buffered = bufferBody({ memory: bodyMemory, directory: spoolDirectory })(current);
    const { logger } = this.#log;
    const logged = this.#settings.accessLog
      ? accessLog(
          (record) => logger.info({ kind: 'access', ...record }),
          () => performance.now(),
        )(buffered)
      : buffered;
    return requestId(this.#nextId)(logged);
  }

  async #drain(): Promise<void> {
    for (const listener of this.#listeners) listener.close();
    await Promise.all(this.#servers.map((server) => server.drain()));
    for (const { pool } of this.#generations.values()) await pool.drained();
    for (const worker of this.#workers.values()) worker.stop();
    this.#tell({ type: 'drained' });
  }

  #report(problem: Error & { code?: string; cure?: string }, environ: Environ): void {
    this.#log.logger.warn(
      { request: environ.HTTP_X_REQUEST_ID, code: problem.code, cure: problem.cure },
      problem.message,
    );
  }

  #onError(error: unknown, peer: Peer, environ: Environ | undefined): void {
    const { logger } = this.#log;
    if (error instanceof ClientGone || error instanceof AppFailed) return;
    if (error instanceof ClientError) {
      const request = environ?.HTTP_X_REQUEST_ID ?? this.#nextId();
      logger.info(
        { kind: 'refused', request, remote: peer.remoteAddress, status: error.status, code: error.code },
        error.message,
      );
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

function hasAllPipes(pipes: Partial<Record<WorkerPipe, Socket>> | undefined): pipes is Record<WorkerPipe, Socket> {
  return (
    pipes?.stdout !== undefined && pipes.stderr !== undefined && pipes.data !== undefined && pipes.control !== undefined
  );
}
