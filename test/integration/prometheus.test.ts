/** A real Prometheus, with the rules of config/prometheus, scrapes a live server; and what rules and dashboard name is there. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { parse } from 'yaml';
import { METRICS } from '../../src/observe/metrics.ts';
import { OBSERVED, observe, scrape } from '../support/admin.ts';
import { Folder } from '../support/folder.ts';
import { ROOT } from '../support/server.ts';
import { freePort, needs } from '../support/tools.ts';
import { until } from '../support/until.ts';
import { ask, get } from '../support/wire.ts';

const CONFIG = join(ROOT, 'config/prometheus');
const DASHBOARD = join(ROOT, 'config/grafana/dashboards/stillhouse.json');

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly record?: string;
      readonly alert?: string;
      readonly expr: string;
      readonly labels?: { readonly severity: string };
      readonly annotations?: { readonly summary: string; readonly description: string };
    }[];
  }[];
}

const rules = (parse(readFileSync(join(CONFIG, 'rules.yml'), 'utf8')) as Rules).groups.flatMap((group) => group.rules);

/** A Prometheus of our own, on loopback. */
class Prometheus implements AsyncDisposable {
  readonly #folder: Folder;
  readonly #child: ChildProcess;
  readonly #port: number;
  #output = '';

  private constructor(folder: Folder, port: number) {
    this.#folder = folder;
    this.#port = port;
    const config = `--config.file=${join(folder.path, 'prometheus.yml')}`;
    const data = `--storage.tsdb.path=${join(folder.path, 'data')}`;
    const args = [config, data, `--web.listen-address=127.0.0.1:${port}`];
    this.#child = spawn('prometheus', args, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child.stderr?.on('data', (bytes: Buffer) => {
      this.#output += bytes.toString();
    });
  }

  static async scraping(target: number, token: string): Promise<Prometheus> {
    const folder = new Folder({
      'prometheus.yml': `
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [${JSON.stringify(join(CONFIG, 'rules.yml'))}]
scrape_configs:
  - job_name: stillhouse
    authorization: {credentials_file: token}
    static_configs: [{targets: ['127.0.0.1:${target}']}]
`,
      token,
    });
    return new Prometheus(folder, await freePort());
  }

  /** The value of the one series that a query gives, once it is more than nothing. */
  async value(query: string): Promise<number> {
    const url = `http://127.0.0.1:${this.#port}/api/v1/query?query=${encodeURIComponent(query)}`;
    const look = async () => {
      if (this.#child.exitCode !== null) throw new Error(`Prometheus ended:\n${this.#output}`);
      const answer = await fetch(url).catch(() => undefined);
      if (answer?.status !== 200) return undefined;
      const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } };
      assert.ok(data.result.length <= 1, `${query} gives one series`);
      return Number(data.result[0]?.value[1] ?? 0);
    };
    return until(look, `${query} in Prometheus`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.kill('SIGTERM')) await once(this.#child, 'exit');
    this.#folder[Symbol.dispose]();
  }
}

test('Prometheus scrapes a live server, and its rules have values', needs('python3', 'prometheus'), async () => {
  const env = { STILLHOUSE_ADMIN_TOKEN: 'for-prometheus' };
  await using seen = await observe({ 'one/app.py': OBSERVED, 'bad/app.py': 'import nope\n' }, [], { env });
  await using prometheus = await Prometheus.scraping(seen.admin, 'for-prometheus');
  assert.equal(await prometheus.value('up{job="stillhouse"}'), 1);
  const asking = new AbortController();
  const asked = keepAsking(seen.port, ['/one/', '/one/broken'], asking.signal);
  try {
    assert.ok((await prometheus.value('sum(rate(stillhouse_requests_total{app="one"}[1m]))')) > 0);
    const ratio = await prometheus.value('app:stillhouse_requests_errors:ratio_rate5m{app="one"}');
    assert.ok(ratio > 0.1 && ratio < 0.9, `half of the answers are errors: ${ratio}`);
    assert.ok((await prometheus.value('app:stillhouse_request_duration_seconds:p99_5m{app="one"}')) > 0);
    assert.equal(await prometheus.value('count(ALERTS{alertname="StillhouseAppFailed", app="bad"})'), 1);
  } finally {
    asking.abort();
    await asked;
  }
});

/** A rate needs two scrapes with requests between them. */
async function keepAsking(port: number, paths: readonly string[], signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    for (const path of paths) await ask(port, get(path));
    await setTimeout(50);
  }
}

test('promtool finds rules and configuration valid, and each alert fires when it should', needs('promtool'), () => {
  for (const [what, file] of [
    ['check config', 'prometheus.yml'],
    ['check rules', 'rules.yml'],
    ['test rules', 'rules.test.yml'],
  ] as const) {
    const { status, stdout, stderr } = spawnSync('promtool', [...what.split(' '), file], {
      cwd: CONFIG,
      encoding: 'utf8',
    });
    assert.equal(status, 0, `promtool ${what} ${file}\n${stdout}${stderr}`);
  }
});

test('each alert has a case that fires and one that does not, a summary and what to do', () => {
  const cases = readFileSync(join(CONFIG, 'rules.test.yml'), 'utf8');
  const alerts = rules.filter(({ alert }) => alert !== undefined);
  assert.ok(alerts.length >= 12);
  for (const { alert, labels, annotations } of alerts) {
    assert.ok(cases.includes(`'ALERTS{alertname="${alert}", alertstate="firing"`), `${alert} fires in a case`);
    assert.match(cases, new RegExp(`eval_time: \\w+, alertname: ${alert}\\}`), `${alert} does not fire in a case`);
    assert.ok(['critical', 'warning'].includes(labels?.severity ?? ''), alert);
    assert.ok((annotations?.summary ?? '').length > 20 && (annotations?.description ?? '').length > 80, alert);
  }
});

test('each metric that rules and dashboard name is exported', needs('python3'), async () => {
  await using seen = await observe({ 'one/app.py': OBSERVED });
  const { samples } = await scrape(seen.admin);
  const exported = new Set(samples.map(({ name }) => name));
  const recorded = new Set(rules.map(({ record }) => record));
  const dashboard = readFileSync(DASHBOARD, 'utf8');
  const texts = { rules: rules.map(({ expr }) => expr).join('\n'), dashboard };
  for (const [where, text] of Object.entries(texts)) {
    const names = text.match(/[a-z_:]*stillhouse_[a-z0-9_:]+/g) ?? [];
    assert.ok(names.length > 15, where);
    for (const name of names) {
      const known = name.includes(':') ? recorded.has(name) : exported.has(name);
      assert.ok(known, `${where}: ${name} is neither exported nor recorded`);
    }
  }
  const shown = new Set(dashboard.match(/stillhouse_[a-z0-9_]+/g));
  const recordedFrom = new Set(texts.rules.match(/stillhouse_[a-z0-9_]+/g));
  for (const { name, type } of Object.values(METRICS)) {
    const sample = type === 'histogram' ? `${name}_bucket` : name;
    assert.ok(shown.has(sample) || recordedFrom.has(sample), `${name} is nowhere looked at`);
  }
});

test('the dashboard is one that Grafana takes', () => {
  const { panels, uid, templating } = JSON.parse(readFileSync(DASHBOARD, 'utf8'));
  assert.equal(uid, 'stillhouse');
  const ids = panels.map(({ id }: { id: number }) => id);
  assert.equal(new Set(ids).size, ids.length, 'each panel has an id of its own');
  const taken = new Set<string>();
  for (const { gridPos, title } of panels) {
    assert.ok(gridPos.x + gridPos.w <= 24, title);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        assert.ok(!taken.has(`${x} ${y}`), `${title} stands on another panel`);
        taken.add(`${x} ${y}`);
      }
    }
  }
  const names = templating.list.map(({ name }: { name: string }) => name);
  assert.deepEqual(names, ['datasource', 'job', 'app']);
});
