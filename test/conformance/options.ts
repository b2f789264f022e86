import { parseArgs } from 'node:util';
import type { Language } from './case.ts';
import { SERVERS } from './servers/index.ts';
import type { Server } from './servers/server.ts';

export const USAGE = `npm run conform [-- OPTIONS]: asks every server on this machine the cases of the WSGI conformance suite.

  --only=SERVER[,..]        these servers: ${SERVERS.map(({ name }) => name).join(', ')}
  --case=TEXT               the cases whose name, section or theme has this text
  --target=HOST:PORT        a server that runs already, with test/conformance/apps/conformance_app.py
  --language=python         of that server's application: python or typescript
  --gate-host=127.0.0.1     an address of this machine that it can connect to
  --patience=3              seconds that a server has for anything
  --verbose                 why each case failed
  --help

All cases and all servers: docs/conformance.md is written too.
`;

export interface Options {
  readonly servers: readonly Server[];
  readonly text: string;
  readonly target: { readonly host: string; readonly port: number; readonly language: Language } | undefined;
  readonly gateHost: string;
  /** Milliseconds. */
  readonly patience: number;
  readonly verbose: boolean;
  readonly help: boolean;
  /** Whether it is all that there is: only then the document is written. */
  readonly whole: boolean;
}

/** Reads the words after `npm run conform --`. @throws where one is unknown */
export function readOptions(words: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...words],
    options: {
      only: { type: 'string' },
      case: { type: 'string', default: '' },
      target: { type: 'string' },
      language: { type: 'string', default: 'python' },
      'gate-host': { type: 'string', default: '127.0.0.1' },
      patience: { type: 'string', default: '3' },
      verbose: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const seconds = Number(values.patience);
  if (!(seconds > 0)) throw new Error(`--patience=${values.patience}: a number of seconds is expected`);
  return {
    servers: values.only === undefined ? SERVERS : values.only.split(',').map(serverNamed),
    text: values.case,
    target: values.target === undefined ? undefined : readTarget(values.target, values.language),
    gateHost: values['gate-host'],
    patience: seconds * 1000,
    verbose: values.verbose,
    help: values.help,
    whole: values.only === undefined && values.case === '' && values.target === undefined,
  };
}

function serverNamed(name: string): Server {
  const found = SERVERS.find((server) => server.name === name);
  if (found !== undefined) return found;
  throw new Error(`--only: ${name} is unknown; there are ${SERVERS.map((server) => server.name).join(', ')}`);
}

function readTarget(text: string, language: string): { host: string; port: number; language: Language } {
  const [, host, port] = /^(?:http:\/\/)?\[?([^/]*?)\]?:(\d+)\/?$/.exec(text) ?? [];
  if (host === undefined) throw new Error(`--target=${text}: HOST:PORT is expected`);
  if (language !== 'python' && language !== 'typescript')
    throw new Error(`--language=${language}: python or typescript is expected`);
  return { host: host || '127.0.0.1', port: Number(port), language };
}
