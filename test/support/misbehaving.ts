/** The applications of test/fixtures/death: they can be held at a gate, killed and made to misbehave. */
import { join } from 'node:path';
import { ROOT, type RunningServer, type RunOptions, serve } from './server.ts';
import { needs } from './tools.ts';
import { ask, get } from './wire.ts';

const FOLDER = join(ROOT, 'test/fixtures/death');

export const LANGUAGES = [
  { language: 'Python', file: 'app.py', needed: needs('python3', 'mkfifo') },
  { language: 'TypeScript', file: 'app.ts', needed: needs('mkfifo') },
] as const;

/** Serves `app.py` or `app.ts`. */
export function serveMisbehaving(
  file: string,
  args: readonly string[] = [],
  options: RunOptions = {},
): Promise<RunningServer & { port: number }> {
  return serve(join(FOLDER, file), args, options);
}

/** The body of a request that succeeds. @throws where it is not answered 200 */
export async function bodyOf(port: number, path: string): Promise<string> {
  const answer = await ask(port, get(path));
  if (answer.status !== 200) throw new Error(`${path} was answered ${answer.status}: ${answer.body}`);
  return answer.body.toString();
}

/** The pid of the worker that answers. */
export async function workerOf(port: number): Promise<number> {
  return Number(await bodyOf(port, '/pid'));
}
