import { createRequire } from 'node:module';
import type * as Parser from 'yaml';
import type { LineCounter, ParsedNode, YAMLParseError } from 'yaml';

/** YAML, read: its root, or the first thing that is wrong with it. */
export type Yaml =
  | {
      readonly root: ParsedNode | null;
      /** What an alias (`*name`) stands for; undefined where no anchor before it has its name. Any other node is itself. */
      readonly resolve: (node: ParsedNode) => ParsedNode | undefined;
    }
  | { readonly offset: number; readonly message: string; readonly cure: string };

let parser: typeof Parser | undefined;

/** The parser, loaded for the first file: 4 MB, which a server of one application without a file never has. */
export function yamlParser(): typeof Parser {
  parser ??= createRequire(import.meta.url)('yaml') as typeof Parser;
  return parser;
}

const MEND = 'mend the YAML there';

/** The parser's errors in the words of whoever wrote the file. */
const WORDS: Readonly<Record<string, readonly [message: string, cure: string]>> = {
  DUPLICATE_KEY: ['the key stands there for the second time', 'keep one of them'],
  TAB_AS_INDENT: ['a tab cannot indent YAML', 'indent with spaces'],
  MULTIPLE_DOCS: ['a second document begins here', 'keep one document: remove the --- line and what follows it'],
  BLOCK_AS_IMPLICIT_KEY: [
    'a second `key:` on one line, or a line that is indented too far',
    'begin each key on a line of its own, with the indentation of its neighbours; quote a value that holds `: `',
  ],
  BAD_INDENT: [
    'this line is not indented as its neighbours are, or a bracket before it is not closed',
    'begin the keys of one section in one column, and close each bracket',
  ],
  BAD_SCALAR_START: ['a value cannot begin with this character', 'put the value into quotes'],
  TAG_RESOLVE_FAILED: ['tags (such as !name) have no meaning here', 'remove the tag'],
};

/** Reads a YAML document; places of keys and values can be looked up in `lines` afterwards. */
export function readYaml(text: string, lines: LineCounter): Yaml {
  const { isAlias, parseDocument } = yamlParser();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  // What follows the first error is mostly its consequence.
  const [first] = [...document.errors, ...document.warnings].sort((one, other) => one.pos[0] - other.pos[0]);
  if (first !== undefined) return { offset: first.pos[0], ...describe(first as YAMLParseError) };
  const resolve = (node: ParsedNode) => (isAlias(node) ? (node.resolve(document) as ParsedNode | undefined) : node);
  return { root: document.contents, resolve };
}

function describe({ code, message }: YAMLParseError): { message: string; cure: string } {
  if (/closing .?"?'?.?quote/.test(message))
    return { message: 'a quote was opened before this place, and not closed', cure: 'close it' };
  const words = WORDS[code];
  return words === undefined ? { message: `not YAML: ${message}`, cure: MEND } : { message: words[0], cure: words[1] };
}
