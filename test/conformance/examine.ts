/** All cases against one server, one after the other. */
import { BenchServer } from '../bench/server.ts';
import { type Case, concerns, type Theme } from './case.ts';
import { judge, type Verdict } from './judge.ts';
import type { Server } from './servers/server.ts';
import { Talk, type Target } from './talk.ts';

/** Verdicts by the name of their case; a case that is not asked of the server's language or version of HTTP has none. */
export type Verdicts = Readonly<Record<string, Verdict>>;

const NOT_ANSWERING: Verdict = { mark: 'fail', why: 'the server answers nothing any more' };

/** @param patience milliseconds for anything that it owes */
export async function examineServer(server: Server, themes: readonly Theme[], patience: number): Promise<Verdicts> {
  const start = () => BenchServer.start({ ...server, language: 'python' }, {}, false);
  let running = await start();
  const target = (): Target => ({ ...LOOPBACK, port: running.port, language: server.language, patience });
  try {
    return await examine(themes, target, async () => {
      await running[Symbol.asyncDispose]();
      running = await start();
    });
  } finally {
    await running[Symbol.asyncDispose]();
  }
}

const LOOPBACK = { host: '127.0.0.1', gateHost: '127.0.0.1' } as const;

/** @param revive is called where the server answers nothing any more, and gives it another life if there is one */
export async function examine(
  themes: readonly Theme[],
  target: () => Target,
  revive: () => Promise<void>,
): Promise<Verdicts> {
  const verdicts: Record<string, Verdict> = {};
  const version = await versionOf(target());
  let lives = true;
  for (const one of themes.flatMap(({ cases }) => cases)) {
    if (!concerns(one, target().language, version)) continue;
    verdicts[one.id] = lives ? await judge(one, target()) : NOT_ANSWERING;
    if (verdicts[one.id]?.mark === 'pass' || !lives || (await answers(target()))) continue;
    await revive();
    lives = await answers(target());
  }
  return verdicts;
}

/** Whether a server answers the simplest request as the suite's application would. */
export async function answers(target: Target): Promise<boolean> {
  await using talk = new Talk(target, 'hello');
  return await talk.ask().then(
    ({ status, body }) => status === 200 && body.toString() === 'hello',
    () => false,
  );
}

/** The version of HTTP in which a server answers a client of 1.1; empty where it does not answer. */
async function versionOf(target: Target): Promise<string> {
  await using talk = new Talk(target, 'hello');
  return await talk.ask().then(
    ({ version }) => version,
    () => '',
  );
}

/** The cases of which the name, the section or the theme has a text. */
export function choose(themes: readonly Theme[], text: string): Theme[] {
  const has = (theme: Theme, { id, section }: Case) => [id, section, theme.title].some((words) => words.includes(text));
  return themes
    .map((theme) => ({ ...theme, cases: theme.cases.filter((one) => has(theme, one)) }))
    .filter(({ cases }) => cases.length > 0);
}
