/** The commands of docs/first-app.md, run as they stand there; what it says that they print is what they print. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Folder } from '../support/folder.ts';
import { BIN, ROOT, RunningServer } from '../support/server.ts';
import { needs } from '../support/tools.ts';

/** Fenced blocks, in their order. */
function blocksOf(markdown: string): { language: string; text: string }[] {
  const fenced = markdown.matchAll(/^```(\w+)\n(.*?)^```$/gms);
  return [...fenced].map(([, language = '', text = '']) => ({ language, text }));
}

test('docs/first-app.md', needs('python3', 'curl', 'sh'), async () => {
  using folder = new Folder();
  folder.write('bin/stillhouse', `#!/bin/sh\nexec ${process.execPath} ${BIN} "$@"\n`);
  chmodSync(join(folder.path, 'bin/stillhouse'), 0o755);
  folder.write('work/.keep', '');
  const cwd = join(folder.path, 'work');
  const env = { ...process.env, PATH: `${folder.path}/bin:${process.env.PATH}` };
  const blocks = blocksOf(readFileSync(join(ROOT, 'docs/first-app.md'), 'utf8'));
  const ports = new Map<string, string>();
  await using resources = new AsyncDisposableStack();
  let [commands, printed, compared] = [0, '', 0];
  for (const { language, text } of blocks) {
    if (language === 'text') {
      assert.equal(printed, text);
      compared++;
    } else if (text === 'stillhouse serve\n') {
      const args = ['serve', '--bind=127.0.0.1:0', '--admin-bind=127.0.0.1:0', `--data-directory=${folder.path}/data`];
      const server = resources.use(new RunningServer(args, { cwd }));
      const { urls, adminUrls } = await server.record(({ kind }) => kind === 'ready');
      ports.set('8000', new URL(String((urls as string[])[0])).port);
      ports.set('9000', new URL(String((adminUrls as string[])[0])).port);
    } else if (language === 'sh' && !text.startsWith('docker ')) {
      const script = text.replace(/localhost:(\d+)/g, (_, port) => `127.0.0.1:${ports.get(port) ?? port}`);
      const ran = spawnSync('sh', ['-e', '-c', script], { cwd, env, encoding: 'utf8' });
      assert.equal(ran.status, 0, `${text}${ran.stderr}`);
      printed = ran.stdout.replaceAll(realpathSync(cwd), '/home/you');
      commands++;
    }
  }
  assert.ok(commands >= 6 && compared >= 4, 'its commands were found');
});
