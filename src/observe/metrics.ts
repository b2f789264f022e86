/** The one table of metrics: what is exported, with its labels, each of which is bounded. `docs/metrics.md` is made from it. */
export interface Metric {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  readonly help: string;
}

/**
 * Why workers are replaced. `start`: the next one of an app that served did not start; `front`: the front that they belonged to died; `hung`: it answered no PING;
 * `requests` and `memory`: it has lived long enough, by its settings.
 */
export const RESTART_CAUSES = [
  'exit',
  'signal',
  'protocol',
  'timeout',
  'start',
  'front',
  'hung',
  'requests',
  'memory',
] as const;
export type RestartCause = (typeof RESTART_CAUSES)[number];

export const METRICS = {
  requests: {
    name: 'stillhouse_requests_total',
    type: 'counter',
    labels: ['app', 'method', 'status'],
    help: 'Requests that an app was asked for, by method and class of status',
  },
  latency: {
    name: 'stillhouse_request_duration_seconds',
    type: 'histogram',
    labels: ['app'],
    help: 'From the end of the request body to the end of the response body, the time in the queue included',
  },
  queueTime: {
    name: 'stillhouse_queue_duration_seconds',
    type: 'histogram',
    labels: ['app'],
    help: 'Time that requests waited for a free worker, in vain or not',
  },
  inFlight: {
    name: 'stillhouse_requests_in_flight',
    type: 'gauge',
    labels: ['app'],
    help: 'Requests that an app is being asked for, the waiting ones included',
  },
  queued: {
    name: 'stillhouse_requests_queued',
    type: 'gauge',
    labels: ['app'],
    help: 'Requests that wait for a free worker',
  },
  requestBytes: {
    name: 'stillhouse_request_body_bytes_total',
    type: 'counter',
    labels: ['app'],
    help: 'Bytes of request bodies that were received',
  },
  responseBytes: {
    name: 'stillhouse_response_body_bytes_total',
    type: 'counter',
    labels: ['app'],
    help: 'Bytes of response bodies that apps gave',
  },
  timeouts: {
    name: 'stillhouse_request_timeouts_total',
    type: 'counter',
    labels: ['app'],
    help: 'Requests that ran longer than the app’s timeout',
  },
  abandoned: {
    name: 'stillhouse_requests_abandoned_total',
    type: 'counter',
    labels: ['app'],
    help: 'Requests whose client left while they waited for a worker: they were never run',
  },
  shed: {
    name: 'stillhouse_requests_shed_total',
    type: 'counter',
    labels: ['app', 'code'],
    help: 'Requests that got 503 because their app had too many, by error code (docs/errors.md)',
  },
  refused: {
    name: 'stillhouse_refused_total',
    type: 'counter',
    labels: ['code'],
    help: 'Requests that the server refused itself, by error code (docs/errors.md)',
  },
  unmatched: {
    name: 'stillhouse_requests_unmatched_total',
    type: 'counter',
    labels: [],
    help: 'Requests for a path or a host where no app is mounted, answered 404',
  },
  connections: { name: 'stillhouse_connections', type: 'gauge', labels: [], help: 'Open connections of clients' },
  accepted: {
    name: 'stillhouse_connections_accepted_total',
    type: 'counter',
    labels: [],
    help: 'Connections that were accepted',
  },
  connectionsDropped: {
    name: 'stillhouse_connections_dropped_total',
    type: 'counter',
    labels: [],
    help: 'Connections that were closed at once, because the limit of open files left no room for them',
  },
  logDropped: {
    name: 'stillhouse_log_records_dropped_total',
    type: 'counter',
    labels: ['process'],
    help: 'Log records that were dropped because the reader of stdout was too slow',
  },
  workers: {
    name: 'stillhouse_workers',
    type: 'gauge',
    labels: ['app', 'state'],
    help: 'Worker processes by state: starting, ready, draining',
  },
  workersWanted: {
    name: 'stillhouse_workers_wanted',
    type: 'gauge',
    labels: ['app'],
    help: 'Worker processes that an app is meant to have now',
  },
  restarts: {
    name: 'stillhouse_worker_restarts_total',
    type: 'counter',
    labels: ['app', 'cause'],
    help: 'Workers that were replaced, by cause: exit, signal, protocol, timeout, start, front, hung, requests, memory',
  },
  frontRestarts: {
    name: 'stillhouse_front_restarts_total',
    type: 'counter',
    labels: [],
    help: 'Fronts that died and were replaced',
  },
  frontSilence: {
    name: 'stillhouse_front_silence_seconds',
    type: 'gauge',
    labels: [],
    help: 'Time since the front last told its figures, which it does each second',
  },
  ready: { name: 'stillhouse_app_ready', type: 'gauge', labels: ['app'], help: '1 where the app can answer, else 0' },
  failed: { name: 'stillhouse_app_failed', type: 'gauge', labels: ['app'], help: '1 where the app could not start' },
  generation: {
    name: 'stillhouse_app_generation',
    type: 'gauge',
    labels: ['app'],
    help: 'Number of the generation that serves: it grows with each reload',
  },
  crashLoop: {
    name: 'stillhouse_app_crash_loop',
    type: 'gauge',
    labels: ['app'],
    help: 'Workers of an app that have died in a row, while the next start is held back; else 0',
  },
  reloads: {
    name: 'stillhouse_reloads_total',
    type: 'counter',
    labels: ['outcome'],
    help: 'Reloads that took effect (done), or were given up and left everything as it was (failed)',
  },
  cpu: {
    name: 'stillhouse_process_cpu_seconds_total',
    type: 'counter',
    labels: ['process', 'app'],
    help: 'CPU time of the processes of a kind (supervisor, front, worker), the dead ones included',
  },
  memory: {
    name: 'stillhouse_process_resident_memory_bytes',
    type: 'gauge',
    labels: ['process', 'app'],
    help: 'Resident memory of the processes of a kind',
  },
  descriptors: {
    name: 'stillhouse_process_open_fds',
    type: 'gauge',
    labels: ['process', 'app'],
    help: 'Open descriptors of the processes of a kind',
  },
  processes: {
    name: 'stillhouse_processes',
    type: 'gauge',
    labels: ['process', 'app'],
    help: 'Processes of a kind that live',
  },
  cpuLimit: {
    name: 'stillhouse_cpu_limit',
    type: 'gauge',
    labels: [],
    help: 'Processors that the server may use: the least of the machine’s and of what its control groups allow',
  },
  memoryLimit: {
    name: 'stillhouse_memory_limit_bytes',
    type: 'gauge',
    labels: [],
    help: 'Memory that the server may use: the least of the machine’s and of what its control groups allow',
  },
  startTime: {
    name: 'stillhouse_start_time_seconds',
    type: 'gauge',
    labels: [],
    help: 'When the server started, in Unix time',
  },
  build: {
    name: 'stillhouse_build_info',
    type: 'gauge',
    labels: ['version', 'node'],
    help: '1; the versions are in its labels',
  },
} as const satisfies Record<string, Metric>;

export type MetricName = keyof typeof METRICS;

/** A metric with its values, in the form of prom-client's `getMetricsAsJSON()`. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: Metric['type'];
  readonly aggregator: 'sum';
  readonly values: Sample[];
}

export interface Sample {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  /** Of a histogram: `NAME_bucket`, `NAME_sum`, `NAME_count`. */
  readonly metricName?: string;
}

/** A metric's family with these values. */
export function family(name: MetricName, values: Sample[]): Family {
  const { name: full, help, type } = METRICS[name];
  return { name: full, help, type, aggregator: 'sum', values };
}
