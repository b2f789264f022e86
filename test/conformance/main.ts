/** `npm run conform`: asks every server on this machine the suite's cases, and writes docs/conformance.md. `--help` says more. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../support/server.ts';
import type { Theme } from './case.ts';
import { THEMES } from './cases/index.ts';
import { answers, choose, examine, examineServer, type Verdicts } from './examine.ts';
import { type Column, renderGrid } from './grid.ts';
import { type Options, readOptions, USAGE } from './options.ts';
import { advisedOf, formatScore, requiredOf } from './score.ts';
import { readVersion } from './servers/server.ts';
import type { Target } from './talk.ts';

const DOCUMENT = join(ROOT, 'docs/conformance.md');

try {
  await main(readOptions(process.argv.slice(2)));
} catch (error) {
  process.stderr.write(`conform: ${(error as Error).message}\n`);
  process.exitCode = 1;
}

async function main(options: Options): Promise<void> {
  if (options.help) return print(USAGE);
  const themes = choose(THEMES, options.text);
  if (themes.length === 0) throw new Error(`--case=${options.text}: no case has that text`);
  if (options.target !== undefined) return examineTarget(options, themes);
  const columns: Column[] = [];
  const absent: Record<string, string> = {};
  for (const server of options.servers) {
    const why = server.absent();
    if (why !== undefined) {
      absent[server.name] = why;
      print(`${server.name}: left out, ${why}\n`);
      continue;
    }
    const verdicts = await examineServer(server, themes, options.patience);
    columns.push({ name: server.name, version: readVersion(server), setup: server.setup, verdicts });
    tell(server.name, themes, verdicts, options.verbose);
  }
  if (!options.whole) return;
  const on = new Date().toISOString().slice(0, 10);
  writeFileSync(DOCUMENT, renderGrid({ themes, columns, absent, on }));
  print(`${DOCUMENT} is written.\n`);
}

/** @throws where nothing listens there */
async function examineTarget(options: Options, themes: readonly Theme[]): Promise<void> {
  const target = { ...options.target, gateHost: options.gateHost, patience: options.patience } as Target;
  const name = `${target.host}:${target.port}`;
  if (!(await answers(target)))
    throw new Error(
      `${name} does not answer as the suite's application: serve test/conformance/apps/conformance_app.py there`,
    );
  const verdicts = await examine(
    themes,
    () => target,
    async () => {
      await new Promise((resolve) => setTimeout(resolve, options.patience));
    },
  );
  tell(name, themes, verdicts, options.verbose);
  const { passed, asked } = requiredOf(themes, verdicts);
  process.exitCode = passed === asked ? 0 : 1;
}

function tell(name: string, themes: readonly Theme[], verdicts: Verdicts, verbose: boolean): void {
  const advised = formatScore(advisedOf(themes, verdicts));
  print(`${name}: required ${formatScore(requiredOf(themes, verdicts))}, advised ${advised}\n`);
  if (!verbose) return;
  for (const { id, level, sentence, section } of themes.flatMap(({ cases }) => cases)) {
    const verdict = verdicts[id];
    if (verdict?.mark === 'fail') print(`  ✗ ${id} (${level}; ${section})\n    ${sentence}\n    ${verdict.why}\n`);
  }
}

function print(text: string): void {
  process.stdout.write(text);
}
