/** `stillhouse status` as text: what a server tells of itself, in lines. Pure. */
import { type Remark, remarksOf } from '../admin/remarks.ts';
import {
  type AppStatus,
  canAnswer,
  currentWorkers,
  type FrontStatus,
  notReady,
  readyWorkers,
  type ServerStatus,
  type WorkerStatus,
} from '../admin/status.ts';
import type { StartFailure } from '../errors.ts';
import { escapeControls } from '../observe/readable.ts';
import { columns, type Line, line, type Span, type Tone } from './columns.ts';
import { bytes, duration } from './quantities.ts';

const APPS = ['APP', 'MOUNTED AT', 'STATE', '>GENERATION', 'WORKERS', 'MAY HAVE', '>QUEUED', '>IN FLIGHT', 'REPLACED'];
const WORKERS = ['>WORKER', 'APP', '>GENERATION', 'STATE', '>AGE', '>REQUESTS', '>MEMORY', '>FRONT'];
const FRONTS = ['>FRONT', 'STATE', '>AGE', '>DEATHS'];
const INDENT = '    ';

/** @param now against which times are told */
export function statusLines(status: ServerStatus, now: Date): Line[] {
  const { apps, fronts } = status;
  const workers = apps.flatMap((app) => app.workers.map((worker) => workerRow(app, worker)));
  return [
    ...serverLines(status, now),
    [],
    ...appLines(apps),
    [],
    ...(workers.length === 0 ? [] : [...columns(WORKERS, workers), []]),
    ...columns(FRONTS, fronts.map(frontRow)),
  ];
}

function serverLines(status: ServerStatus, now: Date): Line[] {
  const { version, pid, state, started, urls, limits } = status;
  const reasons = notReady(status);
  const since = duration((now.getTime() - Date.parse(started)) / 1000);
  const ready: Span = reasons.length === 0 ? { text: 'ready', tone: 'good' } : { text: 'not ready', tone: 'bad' };
  const may = `with ${cpus(limits.cpus)} and ${bytes(limits.memory)} of memory`;
  return [
    [{ text: `Stillhouse ${version}, server ${pid}`, tone: 'strong' }, { text: ', ' }, ready],
    line(`${state === 'serving' ? 'serves' : `is ${state}`} at ${urls.join(' ')}, up ${since}, ${may}`),
    ...reasons.map((reason) => line(`${INDENT}${escapeControls(reason)}`, 'bad')),
  ];
}

function appLines(apps: readonly AppStatus[]): Line[] {
  if (apps.length === 0) return [line('no app is mounted')];
  const [head = [], ...rows] = columns(APPS, apps.map(appRow));
  return [head, ...apps.flatMap((app, index) => [rows[index] as Line, ...remarksOf(app).flatMap(remarkLines)])];
}

function appRow(app: AppStatus): Line {
  const { name, host, path, state, generation, scale, queued, inFlight, restarts } = app;
  const { min, max, wanted } = scale;
  const ready = readyWorkers(app);
  const count = currentWorkers(app).length;
  const replaced = Object.entries(restarts).map(([cause, times]) => `${times} ${cause}`);
  return [
    { text: name, tone: 'strong' },
    { text: host + path },
    { text: state, tone: canAnswer(app) ? 'good' : toneOf(state) },
    { text: String(generation) },
    { text: `${ready} of ${Math.max(count, wanted)}`, tone: ready < wanted ? 'busy' : undefined },
    { text: min === max ? `${max}` : `${min} to ${max}` },
    { text: String(queued), tone: queued > 0 ? 'busy' : undefined },
    { text: String(inFlight) },
    { text: replaced.join(', ') },
  ];
}

/** What stands below an app: what is out of the ordinary. */
function remarkLines({ words, isBad, failure }: Remark): Line[] {
  const said = words === '' ? [] : [line(`${INDENT}${escapeControls(words)}`, isBad ? 'bad' : 'busy')];
  return [...said, ...(failure === undefined ? [] : failureLines(failure))];
}

function failureLines({ code, message, cure }: StartFailure): Line[] {
  const words = [...message.split('\n'), `cure: ${cure}`, `code: ${code}`];
  return words.map((text) => line(`${INDENT}${INDENT}${escapeControls(text)}`, 'bad'));
}

function workerRow({ name }: AppStatus, worker: WorkerStatus): Line {
  const { pid, state, age, generation, front, requests, memory } = worker;
  return [
    { text: String(pid ?? '') },
    { text: name },
    { text: String(generation) },
    { text: state, tone: toneOf(state) },
    { text: duration(age) },
    { text: requests.toLocaleString('en') },
    { text: bytes(memory) },
    { text: String(front ?? '') },
  ];
}

function frontRow({ pid, state, age, deaths }: FrontStatus): Line {
  return [
    { text: String(pid ?? '') },
    { text: state, tone: toneOf(state) },
    { text: duration(age) },
    { text: String(deaths), tone: deaths > 0 ? 'busy' : undefined },
  ];
}

function toneOf(state: string): Tone {
  if (['serving', 'ready', 'warm', 'idle'].includes(state)) return 'good';
  return ['failed', 'dead'].includes(state) ? 'bad' : 'busy';
}

function cpus(count: number): string {
  return `${Number(count.toFixed(2))} ${count === 1 ? 'CPU' : 'CPUs'}`;
}
