import { SETTINGS, type Setting } from '../config/settings.ts';

const WIDTH = 100;
const COLUMN = 28;

/** What `stillhouse --help` prints. */
export function helpText(): string {
  const lines = [
    'Usage: stillhouse MODULE:CALLABLE [OPTIONS]',
    '       stillhouse FILE:CALLABLE [OPTIONS]',
    '',
    'Serves a WSGI application (PEP 3333), in Python or TypeScript:',
    '  stillhouse web_app:application --bind=localhost:8051',
    '',
    'CALLABLE may be left out (application or app is looked for), dotted (site.app), or a call (create_app()).',
    '',
    'Options:',
    ...Object.values(SETTINGS).flatMap((setting) => entry(setting)),
    ...row('-h, --help', 'this text'),
    ...row('-v, --version', 'the version'),
    '',
    'Times are in seconds, or 500ms, 2m; sizes in bytes, or 64KiB, 1GB.',
    'Exit status: 0 stopped as asked, 1 Stillhouse failed, 2 wrong command, 3 the application cannot start, 4 the address cannot be bound.',
  ];
  return `${lines.join('\n')}\n`;
}

function entry(setting: Setting): string[] {
  const short = setting.short === undefined ? '' : `-${setting.short}, `;
  const value =
    setting.kind === 'switch'
      ? ''
      : `=${setting.kind === 'choice' ? 'NAME' : setting.kind.toUpperCase().replace('ADDRESSES', 'HOST:PORT')}`;
  const standard = setting.default === '' ? '' : ` [${setting.choices?.join(', ') ?? setting.default}]`;
  return row(`${short}--${setting.flag}${value}`, setting.help + standard);
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
