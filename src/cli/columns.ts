/** Text in columns, for a terminal. Pure. */

export type Tone = 'good' | 'bad' | 'busy' | 'soft' | 'strong';

/** A piece of a line, all of one tone. */
export interface Span {
  readonly text: string;
  readonly tone?: Tone | undefined;
}

export type Line = readonly Span[];

/** ECMA-48, 8.3.117 (SGR): green, red, yellow, faint, bold. */
const CODES: Readonly<Record<Tone, number>> = { good: 32, bad: 31, busy: 33, soft: 2, strong: 1 };
const GAP = '  ';

/** Rows under their headings, each column as wide as its widest cell. A heading that begins with `>` is for what stands at the right. */
export function columns(headings: readonly string[], rows: readonly Line[]): Line[] {
  const head = headings.map((heading): Span => ({ text: heading.replace(/^>/, ''), tone: 'soft' }));
  const widths = headings.map((_, column) =>
    Math.max(...[head, ...rows].map((cells) => lengthOf(cells[column]?.text ?? ''))),
  );
  const fill = (cells: Line): Line =>
    cells.map(({ text, tone }, column) => {
      const space = ' '.repeat((widths[column] ?? 0) - lengthOf(text));
      const isLast = column === cells.length - 1;
      const filled = headings[column]?.startsWith('>') ? space + text : isLast ? text : text + space;
      return { text: isLast ? filled : filled + GAP, tone };
    });
  return [head, ...rows].map(fill);
}

/** A line of one piece. */
export function line(text: string, tone?: Tone): Line {
  return [{ text, tone }];
}

/** A line of one piece in as many as it needs, the others as far in as the first; one of several pieces as it is. */
export function fold(spans: Line, width: number): Line[] {
  const [only, ...others] = spans;
  if (only === undefined || others.length > 0) return [spans];
  const indent = /^ */.exec(only.text)?.[0] ?? '';
  const room = Math.max(20, width - indent.length);
  const rows: string[] = [];
  for (const word of only.text.trim().split(' ')) {
    const last = rows.at(-1);
    if (last !== undefined && lengthOf(last) + 1 + lengthOf(word) <= room) rows[rows.length - 1] = `${last} ${word}`;
    else rows.push(word);
  }
  return rows.map((text) => line(indent + text, only.tone));
}

/** A line as it is written, cut where it is wider than the terminal. */
export function paint(spans: Line, width: number, inColour: boolean): string {
  let room = width;
  let painted = '';
  for (const { text, tone } of spans) {
    if (room <= 0) break;
    const length = lengthOf(text);
    const fits = length <= room ? text : `${[...text].slice(0, room - 1).join('')}…`;
    room -= length;
    painted += inColour && tone !== undefined ? `\x1b[${CODES[tone]}m${fits}\x1b[0m` : fits;
  }
  return inColour ? painted : painted.trimEnd();
}

function lengthOf(text: string): number {
  return [...text].length;
}
