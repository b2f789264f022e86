/** Python apps that need a package. */
import { join } from 'node:path';
import { Folder } from './folder.ts';
import { writeWheel } from './packages.ts';
import type { LogRecord, RunningServer } from './server.ts';

/** Answers with what it imports, and where from. */
export const GREETING_APP = `
import sys, greeting

def application(environ, start_response):
    start_response('200 OK', [])
    return [('%s %s' % (greeting.TEXT, sys.prefix)).encode()]
`;
export const GOOD =
  'def application(environ, start_response):\n    start_response("200 OK", [])\n    return [b"good"]\n';

/** What the server tells of installations. */
export const installs = (records: readonly LogRecord[]): LogRecord[] =>
  records.filter(({ msg }) => /install|Collecting|Successfully/i.test(msg ?? ''));

/** What the server tells of the installation that it has finished: records come up to 100 ms after what they tell of. */
export async function finishedInstall(server: RunningServer): Promise<LogRecord[]> {
  await server.record(
    ({ msg }) => msg?.startsWith('installed the packages of ') === true,
    'the end of the installation',
  );
  return installs(server.records);
}

/** An app that needs the package `greeting`, whose wheel lies beside it, and one that needs nothing. */
export function greetingApps(yaml = 'python:\n  wheels: ../../wheels\n'): Folder {
  const folder = new Folder({
    'apps/app/app.py': GREETING_APP,
    'apps/app/app.yaml': yaml,
    'apps/app/requirements.txt': '# what it needs\ngreeting==1.0\n',
    'apps/good/app.py': GOOD,
    'wheels/.keep': '',
  });
  writeWheel(join(folder.path, 'wheels'), 'greeting', '1.0', 'TEXT = "hello"');
  writeWheel(join(folder.path, 'wheels'), 'greeting', '2.0', 'TEXT = "good day"');
  return folder;
}
