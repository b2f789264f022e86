import { isDeepStrictEqual } from 'node:util';
import { StartError, type StartFailure } from '../errors.ts';
import type { ServePlan } from './plan.ts';

/** Settings that the processes which run were made with, and where a plan has them. */
const FIXED: Readonly<Record<string, (plan: ServePlan) => unknown>> = {
  bind: ({ bind }) => bind,
  'admin.bind': ({ adminBind }) => adminBind,
  'admin.token': ({ adminToken }) => adminToken,
  'data.directory': ({ dataDirectory }) => dataDirectory,
  fronts: ({ fronts }) => fronts,
  user: ({ account, mixed }) => [account, mixed],
  front_timeout: ({ frontTime }) => frontTime,
  'http.body_memory': ({ front }) => front.bodyMemory,
  'http.body_memory_total': ({ front }) => front.bodyMemoryTotal,
  'log.level': ({ front }) => front.log.level,
  'log.format': ({ front }) => front.log.readable,
};

/** The settings that have changed and hold only from the next start on, by their keys. */
export function needsRestart(running: ServePlan, fresh: ServePlan): string[] {
  return Object.entries(FIXED)
    .filter(([, of]) => !isDeepStrictEqual(of(running), of(fresh)))
    .map(([key]) => key);
}

/** Why a reload cannot be finished, whatever was thrown. */
export function failureOf(reason: unknown): StartFailure {
  if (reason instanceof StartError) return reason.failure;
  const message = reason instanceof Error ? reason.message : String(reason);
  return { code: 'RELOAD_GIVEN_UP', message, cure: 'see the log' };
}
