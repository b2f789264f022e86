import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { workerCommand } from '../apps/interpreter.ts';
import { findTarget, type Target } from '../apps/target.ts';
import type { Settings } from '../config/settings.ts';
import { StartError } from '../errors.ts';
import type { LogSettings } from '../observe/log.ts';
import { PROTOCOL_VERSION } from '../pool/start.ts';
import type { ServePlan } from '../supervisor/plan.ts';

/** Slots of a Python worker run in threads; those of a Node worker share its event loop, where a request that waits costs nothing. */
const SLOTS = { python: 1, node: 64 } as const;
/** One request can hold the event loop that all slots of a Node worker share, so sharing one is the second choice. */
const PATIENCE_MS = { python: 0, node: 10 } as const;
/** Body bytes of one response between a worker and its front. */
const WINDOW = 262_144;

/** What the command was run in. */
export interface Surroundings {
  /** The caller's folder: paths are read against it. */
  readonly directory: string;
  readonly env: NodeJS.ProcessEnv;
  readonly log: LogSettings;
}

/**
 * From the command line to all that a supervisor needs.
 * @throws StartError
 */
export function makePlan(targetText: string, settings: Settings, around: Surroundings): ServePlan {
  const directory = resolve(around.directory, settings.chdir);
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new StartError({
      code: 'DIRECTORY_MISSING',
      message: `there is no folder ${directory}`,
      cure: 'name an existing folder with --chdir',
    });
  }
  const target = findTarget(targetText, directory);
  const threads = settings.threads === 0 ? SLOTS[target.language] : settings.threads;
  const { name: app, module, file, callable } = target;
  return {
    app: {
      start: {
        version: PROTOCOL_VERSION,
        app,
        directory,
        module,
        file,
        callable,
        threads,
        multiprocess: settings.workers > 1,
        window: WINDOW,
      },
      workers: settings.workers,
      command: command(target, settings, around),
      cwd: directory,
      env: appEnvironment(around.env),
    },
    bind: settings.bind,
    front: {
      log: around.log,
      accessLog: settings.accessLog,
      bodyMemory: settings.bodyMemory,
      limits: {
        requestLine: settings.limitRequestLine,
        fieldCount: settings.limitRequestFields,
        fieldBytes: settings.limitRequestHead,
        body: settings.limitRequestBody,
        headTime: settings.headTimeout * 1000,
        bodyTime: settings.bodyTimeout * 1000,
        idleTime: settings.keepAlive * 1000,
        writeTime: settings.writeTimeout * 1000,
        responseBuffer: settings.responseBuffer,
      },
    },
    dataDirectory:
      settings.dataDirectory === ''
        ? `/var/tmp/stillhouse-${process.getuid?.() ?? 0}`
        : resolve(around.directory, settings.dataDirectory),
    queueTime: settings.queueTimeout * 1000,
    patience: PATIENCE_MS[target.language],
    bootTime: settings.bootTimeout * 1000,
    gracefulTime: settings.gracefulTimeout * 1000,
  };
}

function command(target: Target, settings: Settings, around: Surroundings) {
  return workerCommand(target, settings.python, around.directory, around.env.PATH ?? '');
}

/** An application sees its environment, and nothing of the server's own settings. */
function appEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !name.startsWith('STILLHOUSE_') && name !== 'NODE_CHANNEL_FD'),
  );
}
