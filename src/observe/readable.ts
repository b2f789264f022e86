/** Log records for people: a line each, and a traceback below it. Pure. */

// biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal would obey is shown, not sent
const CONTROL = /[\0-\x1f\x7f-\x9f]/g;
const HIDDEN: ReadonlySet<string> = new Set([
  'level',
  'time',
  'msg',
  'process',
  'traceback',
  'stacks',
  'app',
  'cure',
  'kind',
]);

/** One record of JSON as lines of text, control characters escaped. */
export function formatRecord(line: string): string {
  let record: Record<string, unknown>;
  try {
    record = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return line;
  }
  const time = String(record.time ?? '').slice(11, 23);
  const who = String(record.app ?? record.process ?? '');
  const [firstLine = '', ...moreLines] = String(record.msg ?? '').split('\n');
  const rest = Object.entries(record).filter(([key]) => !HIDDEN.has(key));
  const pairs = rest.map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const words = [time, String(record.level ?? '').padEnd(5), `[${who}]`, firstLine, ...pairs];
  const lines = [words.map(escapeControls).join(' ')];
  lines.push(...moreLines.map((line) => `    ${escapeControls(line)}`));
  if (typeof record.cure === 'string') lines.push(`    cure: ${escapeControls(record.cure)}`);
  for (const text of [record.traceback, record.stacks]) {
    if (typeof text !== 'string') continue;
    for (const row of text.trimEnd().split('\n')) lines.push(`    ${escapeControls(row)}`);
  }
  return `${lines.join('\n')}\n`;
}

/** Control characters as `\xNN`. */
export function escapeControls(text: string): string {
  return text.replace(CONTROL, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
