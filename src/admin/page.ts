import { type Remark, remarksOf } from './remarks.ts';
import {
  type AppStatus,
  canAnswer,
  currentWorkers,
  type FrontStatus,
  notReady,
  readyWorkers,
  type ServerStatus,
  timeOf,
} from './status.ts';

const STYLE = `
:root { color-scheme: light dark; --text: #1d2126; --soft: #5b6570; --line: #dde1e6; --card: #fff; --ground: #f4f5f7;
  --good: #17692f; --good-ground: #e2f3e6; --bad: #9c1f10; --bad-ground: #fbe7e4; --link: #1b5dab; }
@media (prefers-color-scheme: dark) { :root { --text: #e3e6ea; --soft: #98a2ad; --line: #343a42; --card: #1d2126; --ground: #14171a;
  --good: #8fd6a3; --good-ground: #17321f; --bad: #f2a093; --bad-ground: #3d1b16; --link: #8ab8f2; } }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; color: var(--text); background: var(--ground); }
main { max-width: 64rem; margin: 0 auto; padding: 2rem 1rem; }
header { display: flex; flex-wrap: wrap; align-items: center; gap: .3rem 1rem; }
h1 { font-size: 1.6rem; margin: 0; }
p { margin: .5rem 0; }
a { color: var(--link); }
.tag { display: inline-block; padding: .05rem .6rem; border-radius: 1rem; white-space: nowrap; font-size: .9rem; }
.good { color: var(--good); background: var(--good-ground); } .bad { color: var(--bad); background: var(--bad-ground); }
.soft { color: var(--soft); font-size: .9rem; }
.wide { overflow-x: auto; margin: 1.5rem 0; border: 1px solid var(--line); border-radius: .5rem; background: var(--card); }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .6rem 1rem; vertical-align: top; }
th { color: var(--soft); font-size: .85rem; font-weight: 600; }
tr + tr td, tbody tr:first-child td { border-top: 1px solid var(--line); }
tr.why td { border-top: 0; padding-top: 0; }
pre { font: .85rem/1.45 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; }
@media (max-width: 40rem) { th, td { padding: .5rem .6rem; } }
nav { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; }
`;

const COLUMNS = ['App', 'Mounted at', 'State', 'Generation', 'Workers ready', 'Queued', 'In flight', 'Replaced'];

const WORDS: Readonly<Record<ServerStatus['state'], string>> = {
  starting: 'Starting',
  serving: 'Serves',
  stopping: 'Stopping',
};

/** The page at `/` of the admin listener: what is mounted where, and how it is. Needs no script and nothing from elsewhere. */
export function statusPage(status: ServerStatus): string {
  const reasons = notReady(status);
  const state = reasons.length === 0 ? tag('ready', true) : tag('not ready', false);
  const why = reasons.length === 0 ? '' : `<p>${reasons.map(escapeHtml).join('; ')}.</p>`;
  const urls = status.urls.map((url) => link(url, url)).join(', ');
  const rows = status.apps.map((app) => rowOf(app, status.urls[0] ?? '')).join('\n');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Stillhouse: ${reasons.length === 0 ? 'ready' : 'not ready'}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header><h1>Stillhouse</h1>${state}</header>
${why}
<p>${WORDS[status.state]} at ${urls} since <time>${escapeHtml(timeOf(status.started))}</time>; ${escapeHtml(frontsText(status.fronts))}.</p>
<div class="wide">
<table>
<thead><tr>${COLUMNS.map((name) => `<th>${name}</th>`).join('')}</tr></thead>
<tbody>
${rows === '' ? `<tr><td colspan="${COLUMNS.length}">No app is mounted.</td></tr>` : rows}
</tbody>
</table>
</div>
<nav><a href="/metrics">/metrics</a> <a href="/status">/status</a> <a href="/readyz">/readyz</a> <a href="/livez">/livez</a></nav>
<p class="soft">Stillhouse ${escapeHtml(status.version)} on Node ${escapeHtml(status.node)}. As of when it was loaded.</p>
</main>
</body>
</html>
`;
}

function rowOf(app: AppStatus, base: string): string {
  const isGood = canAnswer(app);
  const { min, max, wanted } = app.scale;
  const restarts = Object.entries(app.restarts).map(([cause, count]) => `${count} ${cause}`);
  const ready = `${readyWorkers(app)} of ${Math.max(currentWorkers(app).length, wanted)}`;
  const cells = [
    `<strong>${escapeHtml(app.name)}</strong>${app.required ? '' : ' <span class="soft">not required</span>'}`,
    app.host === '' && isGood ? link(base.replace(/\/$/, '') + app.path, app.path) : escapeHtml(app.host + app.path),
    tag(app.state === 'serving' && !isGood ? 'no worker ready' : app.state, isGood),
    String(app.generation),
    min === max ? ready : `${ready} <span class="soft">(${min} to ${max})</span>`,
    String(app.queued),
    String(app.inFlight),
    restarts.length === 0 ? '0' : escapeHtml(restarts.join(', ')),
  ];
  const remarks = remarksOf(app).map(remarkRow);
  return [`<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`, ...remarks].join('\n');
}

function remarkRow({ words, failure }: Remark): string {
  const why = failure === undefined ? [] : [failure.message, `cure: ${failure.cure}`];
  const text = [words, ...why].filter((each) => each !== '').join('\n');
  return `<tr class="why"><td colspan="${COLUMNS.length}"><pre>${escapeHtml(text)}</pre></td></tr>`;
}

function frontsText(fronts: readonly FrontStatus[]): string {
  const alive = fronts.filter(({ state }) => state === 'serving').length;
  const deaths = fronts.reduce((sum, front) => sum + front.deaths, 0);
  const count = fronts.length === 1 ? 'its front' : `${alive} of its ${fronts.length} fronts`;
  const lives = fronts.length === 1 ? `is ${fronts[0]?.state}` : 'serve';
  return `${count} ${lives}${deaths === 0 ? '' : `, and ${deaths} died before`}`;
}

/** An address that stands for all of a machine's is no place to go to: a container's, say, whose port is published elsewhere. */
function link(url: string, text: string): string {
  if (!URL.canParse(url) || ['0.0.0.0', '[::]'].includes(new URL(url).hostname)) return escapeHtml(text);
  return `<a href="${escapeHtml(url)}">${escapeHtml(text)}</a>`;
}

function tag(text: string, isGood: boolean): string {
  return `<span class="tag ${isGood ? 'good' : 'bad'}">${escapeHtml(text)}</span>`;
}

function escapeHtml(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replace(/[&<>"']/g, (char) => entities[char] as string);
}
