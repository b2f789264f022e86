/** A TypeScript application that cannot be served says what, where, why and what to do. */

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { testRefusals } from '../support/refusals.ts';
import { ROOT } from '../support/server.ts';

const APPLICATION = 'export const application = () => [];\n';
const MAKE_SERVER = `import { makeServer } from ${JSON.stringify(pathToFileURL(join(ROOT, 'src/index.ts')).href)};\n`;
const MODULE = { 'package.json': '{ "type": "module" }\n' };

testRefusals([
  {
    name: 'a TypeScript application with an enum',
    files: { ...MODULE, 'web_app.ts': `enum Color { Red, Green }\n${APPLICATION}` },
    args: ['web_app:application'],
    status: 3,
    code: 'APP_SYNTAX_UNSUPPORTED',
    what: ['FOLDER/web_app.ts', 'enum is not supported'],
    traceback: ['FOLDER/web_app.ts:1', 'enum Color'],
    cure: 'a const object in place of an enum',
  },
  {
    name: 'a TypeScript application that imports a file with a parameter property',
    files: {
      ...MODULE,
      'web_app.ts': `import './site.ts';\n${APPLICATION}`,
      'site.ts': '\nexport class Site {\n  constructor(private name: string) {}\n}\n',
    },
    args: ['web_app:application'],
    status: 3,
    code: 'APP_SYNTAX_UNSUPPORTED',
    what: ['web_app.ts', 'parameter property'],
    traceback: ['FOLDER/site.ts:3'],
    cure: 'parameter properties',
  },
  {
    name: 'a TypeScript file in a CommonJS package',
    files: { 'package.json': '{ "type": "commonjs" }\n', 'web_app.ts': APPLICATION },
    args: ['web_app:application'],
    status: 3,
    code: 'APP_IMPORT_FAILED',
    what: ['FOLDER/web_app.ts is an ES module, and Node takes it for CommonJS'],
    traceback: ['FOLDER/web_app.ts:1'],
    cure: /"type": "module".*\.mts/,
  },
  {
    name: 'a TypeScript file that serves at import',
    files: {
      ...MODULE,
      'web_app.ts': `${MAKE_SERVER}${APPLICATION}await makeServer('127.0.0.1', 0, application).serveForever();\n`,
    },
    args: ['web_app:application', '--boot-timeout=1'],
    status: 3,
    code: 'APP_BOOT_TIMEOUT',
    what: ['FOLDER/web_app.ts', 'within 1 s'],
    cure: 'if (import.meta.main)',
  },
  {
    name: 'a TypeScript file that serves on a port in use at import',
    files: {
      ...MODULE,
      'web_app.ts': `${MAKE_SERVER}${APPLICATION}import { createServer } from 'node:net';
const taken = createServer().listen(0, '127.0.0.1');
await new Promise((resolve) => taken.once('listening', resolve));
await makeServer('127.0.0.1', (taken.address() as { port: number }).port, application).serveForever();
`,
    },
    args: ['web_app:application'],
    status: 3,
    code: 'APP_IMPORT_FAILED',
    what: ['FOLDER/web_app.ts starts a server of its own when it is imported', 'EADDRINUSE'],
    traceback: ['EADDRINUSE'],
    cure: 'if (import.meta.main)',
  },
  {
    name: 'a TypeScript file whose import throws',
    files: {
      ...MODULE,
      'web_app.ts': `import { connect } from './models.ts';\n\nconnect();\n${APPLICATION}`,
      'models.ts': "export function connect(): void {\n  throw new RangeError('the database is away');\n}\n",
    },
    args: ['web_app:application'],
    status: 3,
    code: 'APP_IMPORT_FAILED',
    what: ['FOLDER/web_app.ts', 'RangeError: the database is away'],
    traceback: ['FOLDER/models.ts:2', 'FOLDER/web_app.ts:3'],
    cure: 'traceback',
  },
  {
    name: 'a TypeScript file that imports a package that is not installed',
    files: { ...MODULE, 'web_app.ts': `import 'package-of-nobody';\n${APPLICATION}` },
    args: ['web_app:application'],
    status: 3,
    code: 'APP_IMPORT_FAILED',
    what: ['FOLDER/web_app.ts', "Cannot find package 'package-of-nobody'"],
    traceback: ['package-of-nobody'],
    cure: 'install package-of-nobody',
  },
  {
    name: 'a TypeScript file with a syntax error',
    files: { ...MODULE, 'web_app.ts': 'export const application = () => [;\n' },
    args: ['web_app:application'],
    status: 3,
    code: 'APP_IMPORT_FAILED',
    what: ['FOLDER/web_app.ts', 'SyntaxError'],
    traceback: ['FOLDER/web_app.ts:1'],
    cure: 'traceback',
  },
  {
    name: 'a TypeScript file that ends its process at import',
    files: { ...MODULE, 'web_app.ts': `process.exit(0);\n${APPLICATION}` },
    args: ['web_app:application'],
    status: 3,
    code: 'APP_BOOT_DIED',
    what: ['web_app ended with status 0 before its application was imported'],
    cure: 'ends the process',
  },
  {
    name: 'a missing export, with the functions named,',
    files: { ...MODULE, 'web_app.ts': 'export function main() {}\nexport const five = 5;\n' },
    args: ['web_app:application'],
    status: 2,
    code: 'APP_CALLABLE_MISSING',
    what: ['FOLDER/web_app.ts exports no application'],
    cure: 'the module exports main',
  },
  {
    name: 'an export that is no function',
    files: { ...MODULE, 'web_app.ts': 'export const application = 5;\nexport function main() {}\n' },
    args: ['web_app:application'],
    status: 2,
    code: 'APP_NOT_CALLABLE',
    what: ['FOLDER/web_app.ts: application is of type number'],
    cure: 'the module exports main',
  },
  {
    name: 'an application that is no function, though nobody named it,',
    files: { ...MODULE, 'web_app.ts': 'export const application = 5;\n' },
    args: ['web_app'],
    status: 2,
    code: 'APP_NOT_CALLABLE',
    what: ['FOLDER/web_app.ts: application is of type number'],
    cure: 'name a function',
  },
]);
