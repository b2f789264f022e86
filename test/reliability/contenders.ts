/** Who is reloaded, and how its own documentation says to do that without loss. */
import { execFile } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Command, Contender, Start } from '../bench/contenders/index.ts';
import { lacksProgram, PYTHON } from '../bench/contenders/needs.ts';
import { nginx, proxyPass, uwsgiPass } from '../bench/contenders/nginx.ts';
import { BIN } from '../support/server.ts';
import { until } from '../support/until.ts';

/** Processes of the application. */
const WORKERS = 2;
const PM2 = join(import.meta.dirname, 'node_modules/.bin/pm2-runtime');
const UWSGI = ['uwsgi', '/usr/lib/uwsgi/plugins/python3_plugin.so'] as const;
/** Whoever compiles for a cache would take what was written in the same second for what it has compiled already. */
const ENV = { PYTHONDONTWRITEBYTECODE: '1' };

/** Where it runs, once it does. */
export interface Place {
  readonly scratch: string;
  /** The first of its processes. */
  readonly pid: number;
}

export interface Reloaded extends Omit<Contender, 'commands'> {
  /** Its application, in the folder that it is started in. */
  readonly file: 'app.py' | 'app.ts' | 'app.mjs';
  commands(start: Omit<Start, 'app'>): readonly Command[];
  /** Has it take the new code. It need not have when this resolves. */
  reload(place: Place): void | Promise<void>;
}

const hup = ({ pid }: Place): void => void process.kill(pid, 'SIGHUP');

export const RELOADED: readonly Reloaded[] = [
  stillhouse('stillhouse', 'app.py', `Python, --workers=${WORKERS}; SIGHUP`),
  gunicorn('gunicorn-sync', 'sync workers, which close each connection after its answer; HUP'),
  gunicorn('gunicorn-gthread', 'gthread workers of 4 threads, which keep connections; HUP', [
    '--worker-class=gthread',
    '--threads=4',
    '--keep-alive=75',
  ]),
  {
    ...gunicorn('nginx-gunicorn', 'sync workers behind nginx, as its documentation has it; HUP'),
    absent: () => lacksProgram('nginx', 'gunicorn'),
    commands: (start) => {
      const socket = join(start.scratch, 'app.sock');
      return [gunicornCommand(start.scratch, `unix:${socket}`), nginx(start, proxyPass(socket))];
    },
  },
  uwsgi('nginx-uwsgi', 'behind nginx; graceful reload (SIGHUP)', 'r', []),
  uwsgi('nginx-uwsgi-chain', '--lazy-apps behind nginx; chain reload (c to the master FIFO)', 'c', ['--lazy-apps']),
  {
    ...uwsgi('uwsgi-http-chain', '--lazy-apps, its own HTTP router with keep-alive; chain reload', 'c', []),
    absent: () => lacksProgram(...UWSGI, '/usr/lib/uwsgi/plugins/http_plugin.so'),
    commands: ({ scratch, port }) => [
      uwsgiCommand(scratch, ['--plugin=http', `--http=127.0.0.1:${port}`, '--http-keepalive=75', '--lazy-apps']),
    ],
  },
  stillhouse('stillhouse-ts', 'app.ts', `TypeScript, --workers=${WORKERS}; SIGHUP`),
  {
    name: 'pm2',
    setup: `cluster mode, ${WORKERS} instances of node:http, wait_ready, a SIGINT handler that closes the server; pm2 reload`,
    language: 'javascript',
    file: 'app.mjs',
    absent: () => (existsSync(PM2) ? undefined : 'npm ci has not been run in test/reliability'),
    commands: ({ scratch, port }) => {
      const app = {
        name: 'app',
        script: './app.mjs',
        exec_mode: 'cluster',
        instances: WORKERS,
        wait_ready: true,
        listen_timeout: 10_000,
        kill_timeout: 5_000,
        env: { PORT: port },
      };
      writeFileSync(join(scratch, 'ecosystem.config.cjs'), `module.exports = ${JSON.stringify({ apps: [app] })};\n`);
      const env = { PM2_HOME: join(scratch, 'pm2') };
      return [{ file: process.execPath, args: [PM2, 'start', 'ecosystem.config.cjs'], env }];
    },
    reload: async ({ scratch }) => {
      const env = { ...process.env, PM2_HOME: join(scratch, 'pm2') };
      const args = [PM2.replace(/-runtime$/, ''), 'reload', 'app'];
      await promisify(execFile)(process.execPath, args, { cwd: scratch, env });
    },
  },
];

function stillhouse(name: string, file: 'app.py' | 'app.ts', setup: string): Reloaded {
  return {
    name,
    setup,
    language: file === 'app.py' ? 'python' : 'typescript',
    file,
    absent: () => (file === 'app.py' ? lacksProgram(PYTHON) : undefined),
    commands: ({ scratch, port }) => [
      {
        file: process.execPath,
        args: [
          BIN,
          join(scratch, file),
          `--workers=${WORKERS}`,
          `--bind=127.0.0.1:${port}`,
          `--data-directory=${join(scratch, 'data')}`,
          `--python=${PYTHON}`,
          '--no-access-log',
        ],
        env: ENV,
      },
    ],
    reload: hup,
  };
}

function gunicorn(name: string, setup: string, options: readonly string[] = []): Reloaded {
  return {
    name,
    setup,
    language: 'python',
    file: 'app.py',
    absent: () => lacksProgram('gunicorn'),
    commands: ({ scratch, port }) => [gunicornCommand(scratch, `127.0.0.1:${port}`, options)],
    reload: hup,
  };
}

function gunicornCommand(scratch: string, bind: string, options: readonly string[] = []): Command {
  const args = [`--chdir=${scratch}`, `--workers=${WORKERS}`, `--bind=${bind}`, ...options, 'app:application'];
  return { file: 'gunicorn', args, env: ENV };
}

/** @param order what is written to the master FIFO */
function uwsgi(name: string, setup: string, order: 'r' | 'c', options: readonly string[]): Reloaded {
  return {
    name,
    setup,
    language: 'python',
    file: 'app.py',
    absent: () => lacksProgram('nginx', ...UWSGI),
    commands: (start) => {
      const socket = join(start.scratch, 'app.sock');
      const own = [`--socket=${socket}`, '--chmod-socket=666', ...options];
      return [uwsgiCommand(start.scratch, own), nginx(start, uwsgiPass(socket))];
    },
    reload: async ({ scratch }) => {
      const before = chainReloads(scratch);
      appendFileSync(join(scratch, 'master.fifo'), order);
      // An order that comes while the chain is under way is passed over.
      if (order === 'c') await until(() => chainReloads(scratch) > before, 'the end of the chain reload');
    },
  };
}

/** How many chain reloads are complete, by its log. */
function chainReloads(scratch: string): number {
  return readFileSync(join(scratch, 'output-0.log'), 'latin1').split('chain reloading complete').length - 1;
}

function uwsgiCommand(scratch: string, options: readonly string[]): Command {
  return {
    file: 'uwsgi',
    args: [
      '--plugin=python3',
      ...options,
      `--chdir=${scratch}`,
      '--module=app:application',
      `--master-fifo=${join(scratch, 'master.fifo')}`,
      '--listen=1024',
      '--master',
      `--processes=${WORKERS}`,
      '--single-interpreter',
      '--need-app',
      '--die-on-term',
      '--disable-logging',
    ],
    env: ENV,
  };
}
