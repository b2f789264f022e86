/** docs/conformance.md: cases × servers, and what each case says. */
import { markdownTable } from '../bench/table.ts';
import type { Case, Theme } from './case.ts';
import type { Verdicts } from './examine.ts';
import { advisedOf, formatScore, requiredOf } from './score.ts';

export interface Column {
  readonly name: string;
  readonly version: string;
  readonly setup: string;
  readonly verdicts: Verdicts;
}

const MARKS = { pass: '✓', fail: '✗' } as const;

export interface Grid {
  readonly themes: readonly Theme[];
  readonly columns: readonly Column[];
  /** Why which server was left out. */
  readonly absent: Readonly<Record<string, string>>;
  /** An ISO date. */
  readonly on: string;
}

export function renderGrid({ themes, columns, absent, on }: Grid): string {
  const cases = themes.flatMap((theme) => theme.cases);
  const count = (level: Case['level']) => cases.filter((one) => one.level === level).length;
  const left = Object.entries(absent).map(([name, why]) => `${name} was left out: ${why}.`);
  const sections = [
    '# WSGI conformance',
    `Made by \`npm run conform\` on ${on}, which drives each server over raw sockets with applications made for the purpose. ${cases.length} cases: ${count('must')} rest on a must of PEP 3333 or an RFC, ${count('should')} on advice (should), ${count('may')} on what the texts leave open, of which they list all that is allowed. The score counts the first and the last; advice is marked with an asterisk, and does not count.`,
    `The cases on which servers differ were read again by a second reader, with the texts beside: [what was read, changed and kept](../test/conformance/READING.md).`,
    INSTRUCTIONS,
    '## Scores',
    markdownTable(
      ['server', 'version', 'required', 'advised', 'set-up'],
      columns.map(({ name, version, setup, verdicts }) => [
        name,
        version,
        formatScore(requiredOf(themes, verdicts)),
        formatScore(advisedOf(themes, verdicts)),
        setup,
      ]),
      'left',
    ),
    ...left,
    `✓ as it must be (or advised), ✗ not so, a word: which of the allowed outcomes; empty: not asked of that language, or a must of HTTP/1.1 and a server of HTTP/1.0.`,
    ...themes.flatMap((theme) => [`## ${theme.title}`, gridTable(theme, columns), explain(theme)]),
  ];
  return `${sections.join('\n\n')}\n`;
}

const INSTRUCTIONS = `## Your own server

Serve \`application\` of \`test/conformance/apps/conformance_app.py\` with it (Python 3.9 or later, nothing to install; one process, or
several on one machine with \`CONFORMANCE_RECORDS\` naming a folder), and run

    npm run conform -- --target=127.0.0.1:8000 --verbose

\`--case=TEXT\` asks only the cases whose name, section or theme has the text. Some cases let the application wait until the
client has seen something: for that it connects back to this machine, at the address \`--gate-host\`.`;

function gridTable({ cases }: Theme, columns: readonly Column[]): string {
  return markdownTable(
    ['case', ...columns.map(({ name }) => name)],
    cases.map((one) => [
      one.level === 'should' ? `${one.id} \\*` : one.id,
      ...columns.map(({ verdicts }) => cellOf(verdicts[one.id])),
    ]),
    'left',
  );
}

function cellOf(verdict: Verdicts[string] | undefined): string {
  return verdict === undefined ? '' : (verdict.outcome ?? MARKS[verdict.mark]);
}

function explain({ cases }: Theme): string {
  const items = cases.map(({ id, level, sentence, section, words }) => {
    const quoted = words === undefined ? '' : ` “${escaped(words)}”`;
    return `- **${id}** (${level}; ${section}): ${escaped(sentence)}${quoted}`;
  });
  return ['<details><summary>What each case says</summary>', '', ...items, '', '</details>'].join('\n');
}

/** Markdown's own characters, where they stand for themselves. */
function escaped(text: string): string {
  return text.replace(/[*_<>|]/g, '\\$&');
}
