/** Asks a server for mixed traffic and prints what became of it as a line of JSON; `--help` says more. */
import { setTimeout } from 'node:timers/promises';
import { type ClientOptions, readClientOptions, USAGE } from './support/options.ts';
import { Traffic } from './support/traffic.ts';

try {
  const options = readClientOptions(process.argv.slice(2));
  process.stdout.write(options === undefined ? USAGE : `${JSON.stringify(await run(options))}\n`);
} catch (error) {
  process.stderr.write(`client: ${(error as Error).message}\n`);
  process.exitCode = 1;
}

async function run({ seconds, warmUpSeconds, ...options }: ClientOptions) {
  await using traffic = new Traffic(options);
  if (warmUpSeconds > 0) {
    await setTimeout(warmUpSeconds * 1000);
    traffic.beginAccount();
    process.stdout.write('ready\n');
  }
  await (seconds === Number.POSITIVE_INFINITY ? traffic.done() : setTimeout(seconds * 1000));
  return await traffic.stop();
}
