/** Bad input, and what the command says of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Folder } from './folder.ts';
import { refused } from './server.ts';

export interface Refusal {
  /** Reads: "NAME is refused". */
  readonly name: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly args: readonly string[];
  readonly status: number;
  readonly code: string;
  /** Words of the first line: what is wrong, and where. */
  readonly what: readonly (string | RegExp)[];
  /** Words of the line that says what to do. */
  readonly cure: string | RegExp;
  /** Words of the traceback. */
  readonly traceback?: readonly string[];
  readonly options?: { readonly skip: string | false };
}

/** What stands in no error: frames of Stillhouse and of the import system, and internals that escaped. */
const NOT_THE_USERS =
  /stillhouse_worker|src\/workers|boot\.py|importlib|node:internal|by its own fault|\[object|undefined/;

/** One test for each refusal, in a folder of its own: exit status, code, what, where and what to do. */
export function testRefusals(refusals: readonly Refusal[]): void {
  for (const refusal of refusals)
    test(`${refusal.name} is refused`, refusal.options ?? {}, () => assertRefused(refusal));
}

async function assertRefused({ files, args, status, code, what, cure, traceback = [] }: Refusal): Promise<void> {
  using folder = new Folder(files);
  const ended = await refused([...args, '--bind=127.0.0.1:0'], { cwd: folder.path });
  const said = ended.stderr.replaceAll(folder.path, 'FOLDER');
  assert.equal(ended.code, status, said);
  const [first = '', ...rest] = said.trimEnd().split('\n');
  assert.ok(first.startsWith('stillhouse: '), said);
  for (const words of what) assertSays(first, words);
  assert.equal(rest.pop(), `  code: ${code}`);
  const advice = rest.pop() ?? '';
  assert.ok(advice.startsWith('  cure: '), said);
  assertSays(advice, cure);
  for (const words of traceback) assertSays(rest.join('\n'), words);
  if (traceback.length === 0) assert.deepEqual(rest, [], 'there is nothing more to say');
  assert.doesNotMatch(said, NOT_THE_USERS);
}

function assertSays(text: string, words: string | RegExp): void {
  if (typeof words === 'string') assert.ok(text.includes(words), `"${words}" is not in\n${text}`);
  else assert.match(text, words);
}
