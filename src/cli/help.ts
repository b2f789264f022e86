import { type Kind, SETTINGS, type Setting } from '../config/settings.ts';

const WIDTH = 100;
const COLUMN = 28;
/** What stands for a value of a kind; of the others it is the kind itself. */
const WORDS: Partial<Record<Kind, string>> = {
  addresses: 'HOST:PORT',
  choice: 'NAME',
  processes: 'COUNT',
  program: 'PATH',
};

/** What `stillhouse --help` prints. */
export function helpText(): string {
  const lines = [
    'Usage: stillhouse MODULE:CALLABLE [OPTIONS]',
    '       stillhouse FILE:CALLABLE [OPTIONS]',
    '       stillhouse serve | check | routes | prepare | healthcheck [OPTIONS]',
    '       stillhouse status | reload [APP] | scale APP N | stacks APP | stop [OPTIONS]',
    '',
    'Serves a WSGI application (PEP 3333), in Python or TypeScript:',
    '  stillhouse web_app:application --bind=localhost:8051',
    '',
    'CALLABLE may be left out (application or app is looked for), dotted (site.app), or a call (create_app()).',
    '',
    'Commands, for a configuration and a folder of applications (docs/configuration.md):',
    ...row('serve', 'serve every application of the apps directory'),
    ...row('check', 'print the configuration, each value with its source; non-zero where there is a fault'),
    ...row('routes', 'print what is mounted where'),
    ...row('prepare', 'install what applications need, as the first start would'),
    ...row('healthcheck', 'ask the server on this machine whether it is well'),
    '',
    'Commands for a server that runs with the same data directory, on this host (docs/control.md):',
    ...row('status', 'print how it is; on a terminal a table that follows it until Ctrl-C'),
    ...row(
      'reload [APP]',
      'read the configuration again, or start one application anew; what serves is replaced when the new is ready',
    ),
    ...row('scale APP N', 'give an application N workers'),
    ...row('stacks APP', 'print where each worker of an application stands, and which request it runs'),
    ...row('stop', 'finish what runs, and stop; returns when it has'),
    '',
    'Options:',
    ...row(
      '--config=FILE',
      'the configuration; else $STILLHOUSE_CONFIG, ./stillhouse.yaml, config/stillhouse.yaml, /etc/stillhouse/stillhouse.yaml',
    ),
    ...Object.values(SETTINGS).flatMap((setting: Setting) => entry(setting)),
    ...row('--server=PID', 'of these commands: which server, where several share the data directory'),
    ...row('--json', 'of status: what /status tells'),
    ...row('-h, --help', 'this text'),
    ...row('-v, --version', 'the version'),
    '',
    'A value in [brackets] is the default. Times are in seconds, or 500ms, 2m; sizes in bytes, or 64KiB, 1GB.',
    'Each option is also a key of the configuration and a variable, STILLHOUSE_SECTION_KEY; flags count before variables,',
    'variables before files. stillhouse check says what holds, and where it came from.',
    '',
    'Exit status: 0 stopped as asked, 1 Stillhouse failed, 2 the command or the configuration is wrong,',
    '             3 an application cannot start, 4 an address cannot be bound.',
  ];
  return `${lines.join('\n')}\n`;
}

function entry(setting: Setting): string[] {
  const { kind, flag, short, help, choices } = setting;
  if (flag === undefined) return [];
  const begin = short === undefined ? '' : `-${short}, `;
  const name = kind === 'switch' ? `--[no-]${flag}` : `--${flag}=${WORDS[kind] ?? kind.toUpperCase()}`;
  const among = choices === undefined ? '' : `: ${choices.join(', ')}`;
  const standard = setting.default === '' ? '' : ` [${setting.default}]`;
  return row(begin + name, help + among + standard);
}

function row(left: string, right: string): string[] {
  const lines: string[] = [''];
  for (const word of right.split(' ')) {
    const last = lines.at(-1) as string;
    if (last.length + word.length >= WIDTH - COLUMN) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  const [first = '', ...rest] = lines;
  const head =
    left.length > COLUMN - 4 ? [`  ${left}`, ' '.repeat(COLUMN) + first] : [`  ${left}`.padEnd(COLUMN) + first];
  return [...head, ...rest.map((line) => ' '.repeat(COLUMN) + line)];
}
