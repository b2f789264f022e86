import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import { BenchServer } from '../bench/server.ts';
import { fixture } from '../chaos/support/chaos-server.ts';
import { Load } from '../chaos/support/load.ts';
import { until } from '../support/until.ts';
import { ask, get } from '../support/wire.ts';
import type { Reloaded } from './contenders.ts';
import { RATES, type Rate, type Turn } from './results.ts';

const CONNECTIONS = 8;
/** After which an answer is lost that does not come. */
const PATIENCE_MS = 10_000;
const SIZES = [64, 300, 1_500];
/** So many new connections in a row must be answered by new code: there are two workers, and either may be asked. */
const IN_A_ROW = 6;
/** What a reload leaves for afterwards, such as the end of old workers, belongs to it too. */
const SETTLE_MS = 400;

/** Starts a server, reloads it under load so often, and ends it. */
export async function measure(contender: Reloaded, rate: Rate, reloads: number): Promise<Turn> {
  let scratch = '';
  const write = (generation: number) => writeFileSync(join(scratch, contender.file), program(contender, generation));
  const prepared = {
    ...contender,
    commands: (start: Parameters<typeof contender.commands>[0]) => {
      scratch = start.scratch;
      write(0);
      return contender.commands(start);
    },
  };
  await using server = await BenchServer.start(prepared, {}, false);
  const place = { scratch, pid: server.roots[0] as number };
  await using load = new Load(server.port, {
    connections: CONNECTIONS,
    sizes: SIZES,
    pause: RATES[rate].pause,
    patience: PATIENCE_MS,
  });
  await load.answered(2 * CONNECTIONS);
  const took: number[] = [];
  for (let generation = 1; generation <= reloads; generation++) {
    write(generation);
    const since = performance.now();
    await contender.reload(place);
    await onlyNew(server.port, generation);
    took.push(Math.round(performance.now() - since));
    await setTimeout(SETTLE_MS);
  }
  const { sent, right, losses, slowest } = await load.stop();
  return { reloads, sent, right, losses, took, slowest: Math.round(slowest) };
}

function program({ file }: Reloaded, generation: number): string {
  const text =
    file === 'app.mjs' ? readFileSync(join(import.meta.dirname, 'apps/echo-server.mjs'), 'utf8') : fixture(file);
  return text.replace("GENERATION = '0'", `GENERATION = '${generation}'`);
}

/** Resolves when new connections are answered by this generation alone. What they lose is nobody's loss. */
async function onlyNew(port: number, generation: number): Promise<void> {
  let inARow = 0;
  await until(async () => {
    const answer = await ask(port, get('/generation', 'Connection: close')).catch(() => undefined);
    inARow = answer?.body.toString() === String(generation) ? inARow + 1 : 0;
    return inARow >= IN_A_ROW;
  }, `generation ${generation} to answer alone`);
}
