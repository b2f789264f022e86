import { performance } from 'node:perf_hooks';
import type { Logger } from 'pino';
import type { ReloadAnswer } from '../admin/control.ts';
import { ReloadFailed } from '../errors.ts';
import type { Deployment } from './deployment.ts';
import type { ServePlan } from './plan.ts';
import { failureOf } from './reload-plan.ts';

/** Reloads, one after the other. Those that are asked for while one runs are one more, which sees all that was changed by then. */
export class Reloads {
  readonly #read: () => ServePlan;
  readonly #deployment: Deployment;
  readonly #log: Logger;
  readonly #waiting = new Map<string | undefined, Promise<ReloadAnswer>>();
  #last: Promise<unknown> = Promise.resolve();
  /** How many have taken effect, and how many were given up. */
  readonly counts = { done: 0, failed: 0 };

  /** @param read reads the configuration anew; it throws StartError or ReloadFailed where that is wrong */
  constructor(read: () => ServePlan, deployment: Deployment, log: Logger) {
    this.#read = read;
    this.#deployment = deployment;
    this.#log = log;
  }

  /**
   * @param why for the log
   * @param app the only one; undefined: the whole configuration
   * @throws ReloadFailed where all is as it was
   */
  reload(why: string, app?: string): Promise<ReloadAnswer> {
    const waiting = this.#waiting.get(app);
    if (waiting !== undefined) return waiting;
    const mine = this.#last.then(() => {
      this.#waiting.delete(app);
      return this.#run(why, app);
    });
    this.#waiting.set(app, mine);
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  async #run(why: string, app: string | undefined): Promise<ReloadAnswer> {
    const began = performance.now();
    this.#log.info({ kind: 'reload', why, app }, `reloading ${app ?? 'everything'}`);
    try {
      const answer = await this.#deployment.change(this.#read(), app);
      this.counts.done++;
      const ms = Math.round(performance.now() - began);
      this.#log.info({ kind: 'reloaded', why, app, ...answer, ms }, `reloaded: ${answer.changes.join('; ')}`);
      if (answer.needsRestart.length > 0) {
        const cure = 'restart the server for it';
        const what = `changed, and not taken over by a reload: ${answer.needsRestart.join(', ')}`;
        this.#log.warn({ code: 'RELOAD_NEEDS_RESTART', cure }, what);
      }
      return answer;
    } catch (error) {
      throw this.#giveUp(error, why, app);
    }
  }

  #giveUp(error: unknown, why: string, app: string | undefined): ReloadFailed {
    this.counts.failed++;
    const failed = error instanceof ReloadFailed ? error : new ReloadFailed([failureOf(error)]);
    for (const { code, message, cure, traceback } of failed.failures) {
      const fields = { kind: 'reload-failed', why, app, code, cure, traceback };
      this.#log.error(fields, `the reload was given up, and what served goes on: ${message}`);
    }
    return failed;
  }
}
