/** What is measured: applications, who serves them, and the loads on each. */
import type { BenchApp } from './contenders/index.ts';
import { measureIdle, measureSlow } from './measures/crowds.ts';
import { measureHealth } from './measures/health.ts';
import { measureOverload } from './measures/overload.ts';
import { measureRequests } from './measures/requests.ts';
import { measureTraffic, TRAFFIC_CONNECTIONS, type TrafficLoad } from './measures/traffic.ts';
import { measureTransfers } from './measures/transfers.ts';
import type { Figure } from './results.ts';
import type { BenchServer } from './server.ts';

/** Measures a server once. @param seconds how long, where the load has no end of its own */
export type Measure = (server: BenchServer, seconds: number) => Promise<Figure>;

export interface Workload {
  readonly name: string;
  readonly title: string;
  readonly measure: Measure;
  /** Left out by --quick. */
  readonly long?: true;
}

/** Workloads that a server is started once for, in each round. */
export interface Group {
  readonly name: string;
  readonly app: BenchApp;
  /** Names of contenders, with `+log` where the access log is to be on; the first is what the others are compared with. */
  readonly contenders: readonly string[];
  readonly workloads: readonly Workload[];
}

const APPS = 'test/bench/apps';
const HELLO = {
  python: { folder: 'apps/hello', module: 'web_app' },
  typescript: 'apps/hello-ts/web_app.ts',
  javascript: 'hello',
};
const BODIES = { python: { folder: APPS, module: 'bodies' }, typescript: `${APPS}/bodies.ts` };
const ALL_PYTHON = [
  'stillhouse',
  'gunicorn-sync',
  'gunicorn-gthread',
  'nginx-gunicorn',
  'nginx-uwsgi',
  'waitress',
  'cheroot',
  'mod-wsgi',
];
const MIX_APPS = 'test/traffic/apps';
const FLASK_MIX = { python: { folder: MIX_APPS, module: 'flask_mix' } };
const TS_MIX = { typescript: `${MIX_APPS}/mix.ts`, node: `${MIX_APPS}/mix-node.mjs` };
const GRANIAN = ['granian-t1', 'granian-t4'];
/** Contenders that are compared with each other only where the application answers at once: they have one thread for all. */
const ONE_THREAD = ['bjoern', 'fastpysgi'];
const SLEEP_MS = 20;
const LARGEST = ['stillhouse', 'nginx-gunicorn', 'nginx-uwsgi'];
const LARGE = [...LARGEST, 'stillhouse-ts'];
const CROWDED = ['stillhouse', 'nginx-uwsgi'];
const KIB = 1024;
const MIB = 1024 * KIB;

export const GROUPS: readonly Group[] = [
  {
    name: 'hello',
    app: HELLO,
    contenders: [...ALL_PYTHON, ...GRANIAN, 'uwsgi-http', ...ONE_THREAD, 'node-http'],
    workloads: [
      { name: 'hello', title: 'web_app:application, 64 connections', measure: small(64) },
      { name: 'hello-256', title: 'web_app:application, 256 connections', measure: small(256) },
    ],
  },
  {
    name: 'flask',
    app: { python: { folder: APPS, module: 'flask_app' } },
    contenders: ALL_PYTHON,
    workloads: [{ name: 'flask', title: 'Flask with a JSON answer, 64 connections', measure: small(64) }],
  },
  {
    name: 'django',
    app: { python: { folder: APPS, module: 'django_app' } },
    contenders: ALL_PYTHON,
    workloads: [{ name: 'django', title: 'Django with a template, 64 connections', measure: small(64) }],
  },
  {
    name: 'typescript',
    app: HELLO,
    contenders: ['stillhouse-ts', 'make-server', 'node-http', 'node-http-app', 'express', 'fastify'],
    workloads: [{ name: 'typescript', title: 'A TypeScript application, 64 connections', measure: small(64) }],
  },
  {
    name: 'mix-t8',
    app: FLASK_MIX,
    contenders: ['stillhouse-t8', 'granian-t8', 'gunicorn-gthread-t8'],
    workloads: [{ name: 'mix-t8', title: 'Flask: the mix of traffic, 8 threads', measure: traffic({ mix: 'mix' }) }],
  },
  {
    name: 'mix-t32',
    app: FLASK_MIX,
    contenders: ['stillhouse-t32', 'granian-t32'],
    workloads: [{ name: 'mix-t32', title: 'Flask: the mix of traffic, 32 threads', measure: traffic({ mix: 'mix' }) }],
  },
  {
    name: 'flask-json',
    app: FLASK_MIX,
    contenders: ['stillhouse', 'stillhouse-t8', ...GRANIAN, 'gunicorn-gthread', ...ONE_THREAD],
    workloads: [{ name: 'flask-json', title: 'Flask: JSON of 22 to 60 bytes', measure: traffic({ mix: 'json' }) }],
  },
  {
    name: 'flask-bodies',
    app: FLASK_MIX,
    contenders: ['stillhouse', ...GRANIAN, 'gunicorn-gthread'],
    workloads: [
      { name: 'flask-chunks', title: 'Flask: 200 chunks of 1 KB', measure: traffic({ mix: 'stream' }) },
      { name: 'flask-up-10k', title: 'Flask: uploads of 10 KB', measure: upload(10) },
      { name: 'flask-up-60k', title: 'Flask: uploads of 60 KB', measure: upload(60) },
      { name: 'flask-up-300k', title: 'Flask: uploads of 300 KB', measure: upload(300) },
      { name: 'flask-down-100k', title: 'Flask: answers of 100 KB', measure: traffic({ mix: 'down' }) },
      {
        name: 'flask-connections',
        title: 'Flask: JSON, a connection for each request',
        measure: traffic({ mix: 'json', options: ['--close'] }),
      },
    ],
  },
  {
    name: 'ts-traffic',
    app: TS_MIX,
    contenders: ['stillhouse-ts', 'node-cluster'],
    workloads: [
      { name: 'ts-mix', title: 'TypeScript: the mix of traffic', measure: traffic({ mix: 'mix' }) },
      {
        name: 'ts-json-waits',
        title: `TypeScript: JSON and, one in eight, a wait of ${SLEEP_MS} ms`,
        measure: traffic({ mix: 'json:7,sleep:1' }),
      },
      {
        name: 'ts-waits',
        title: `TypeScript: a wait of ${SLEEP_MS} ms`,
        measure: traffic({ mix: 'sleep', possible: (TRAFFIC_CONNECTIONS * 1000) / SLEEP_MS }),
      },
      { name: 'ts-chunks', title: 'TypeScript: 200 chunks of 1 KB', measure: traffic({ mix: 'stream' }) },
    ],
  },
  {
    name: 'access-log',
    app: HELLO,
    contenders: [
      'stillhouse',
      'stillhouse+log',
      'stillhouse-ts',
      'stillhouse-ts+log',
      'gunicorn-gthread',
      'gunicorn-gthread+log',
      'nginx-uwsgi',
      'nginx-uwsgi+log',
    ],
    workloads: [{ name: 'access-log', title: 'The access log off and on, 64 connections', measure: small(64) }],
  },
  {
    name: 'bodies',
    app: BODIES,
    contenders: ['stillhouse', 'gunicorn-gthread', 'nginx-gunicorn', 'nginx-uwsgi', 'stillhouse-ts'],
    workloads: [
      { name: 'up-1k', title: '1 KB up, 64 connections', measure: small(64, { bodyBytes: KIB }) },
      { name: 'up-100k', title: '100 KB up, 64 connections', measure: small(64, { bodyBytes: 100 * KIB }) },
      { name: 'down-1k', title: '1 KB down, 64 connections', measure: small(64, { path: `/?size=${KIB}` }) },
      { name: 'down-100k', title: '100 KB down, 64 connections', measure: small(64, { path: `/?size=${100 * KIB}` }) },
    ],
  },
  {
    name: 'transfers',
    app: BODIES,
    contenders: LARGE,
    workloads: [
      { name: 'up-100m', title: '100 MB up, three times', measure: large('up', 100 * MIB, 3) },
      { name: 'down-100m', title: '100 MB down, three times', measure: large('down', 100 * MIB, 3) },
    ],
  },
  // A server of its own for each, since memory that it has taken once is seldom given back.
  {
    name: 'up-1g',
    app: BODIES,
    contenders: LARGEST,
    workloads: [{ name: 'up-1g', title: '1 GB up', measure: large('up', 1024 * MIB, 1), long: true }],
  },
  {
    name: 'down-1g',
    app: BODIES,
    contenders: LARGEST,
    workloads: [
      { name: 'down-1g', title: '1 GB down, in chunks of 64 KB', measure: large('down', 1024 * MIB, 1), long: true },
    ],
  },
  {
    name: 'idle',
    app: HELLO,
    contenders: CROWDED,
    workloads: [
      {
        name: 'idle',
        title: '10,000 idle keep-alive connections',
        measure: (server, seconds) => measureIdle(server, 10_000, seconds),
      },
    ],
  },
  {
    name: 'slow-heads',
    app: HELLO,
    contenders: CROWDED,
    workloads: [
      {
        name: 'slow-heads',
        title: '10,000 clients that send a byte of a header each second',
        measure: slow('slow-heads', 10_000),
      },
    ],
  },
  {
    name: 'slow-bodies',
    app: HELLO,
    contenders: CROWDED,
    workloads: [
      {
        name: 'slow-bodies',
        title: '1,000 clients that send a byte of a body each second',
        measure: slow('slow-bodies', 1_000),
      },
    ],
  },
  {
    name: 'overload',
    app: { python: { folder: APPS, module: 'cost' } },
    contenders: ['stillhouse'],
    workloads: [
      {
        name: 'overload-wait',
        title: 'Three times what an application can do that waits for 20 ms',
        measure: overload('/?sleep=20'),
      },
      {
        name: 'overload-cpu',
        title: 'Three times what an application can do that computes for 20 ms',
        measure: overload('/?cpu=20'),
      },
    ],
  },
  {
    name: 'health',
    app: { several: { file: `${APPS}/cost.py`, names: ['one', 'two', 'three'] } },
    contenders: ['stillhouse-apps'],
    workloads: [
      {
        name: 'health',
        title: 'The admin listener while every worker of three applications hangs, and 200 requests/s come for them',
        measure: (server, seconds) => measureHealth(server, ['/', '/two/', '/three/'], seconds),
      },
    ],
  },
];

function small(connections: number, more: { path?: string; bodyBytes?: number } = {}): Measure {
  return (server, seconds) => measureRequests(server, { connections, seconds, ...more });
}

function traffic(load: TrafficLoad): Measure {
  return (server, seconds) => measureTraffic(server, load, seconds);
}

function upload(kib: number): Measure {
  return traffic({ mix: 'upload', options: [`--upload-bytes=${kib * KIB}`] });
}

function large(direction: 'up' | 'down', bytes: number, count: number): Measure {
  return (server) => measureTransfers(server, { direction, bytes, count });
}

function slow(kind: 'slow-heads' | 'slow-bodies', count: number): Measure {
  return (server, seconds) => measureSlow(server, kind, count, seconds);
}

function overload(path: string): Measure {
  return (server, seconds) => measureOverload(server, path, seconds);
}
