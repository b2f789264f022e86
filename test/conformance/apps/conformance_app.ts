/**
 * The application of the WSGI conformance suite in TypeScript: the twin of conformance_app.py, app for app.
 *
 * The header X-App chooses which of its applications a request is for, X-Run under which name it records what it sees, and X-Gate where it
 * waits.
 */
import type { Application } from 'stillhouse';
import { BODIES } from './typescript/bodies.ts';
import { CLOSING } from './typescript/closing.ts';
import { report } from './typescript/common.ts';
import { ENVIRONS } from './typescript/environs.ts';
import { FILES } from './typescript/files.ts';
import { HEADS } from './typescript/heads.ts';
import { INPUTS } from './typescript/inputs.ts';
import { LENGTHS } from './typescript/lengths.ts';
import { START } from './typescript/start.ts';
import { STREAMS } from './typescript/streams.ts';
import { WRITING } from './typescript/writing.ts';

const index: Application = (_, startResponse) => {
  startResponse('200 OK', [['Content-Type', 'text/plain']]);
  return ['The application of the WSGI conformance suite: see conformance_app.ts.\n'];
};

const hello: Application = (_, startResponse) => {
  startResponse('200 OK', [
    ['Content-Type', 'text/plain'],
    ['Content-Length', '5'],
  ]);
  return ['hello'];
};

const APPS: Readonly<Record<string, Application>> = {
  index,
  hello,
  report,
  ...START,
  ...WRITING,
  ...BODIES,
  ...CLOSING,
  ...LENGTHS,
  ...HEADS,
  ...ENVIRONS,
  ...INPUTS,
  ...FILES,
  ...STREAMS,
};

export const application: Application = (...given) => {
  const [environ, startResponse] = given;
  environ['conformance.positional'] = given.length === 2;
  const app = APPS[(environ.HTTP_X_APP as string | undefined) ?? 'index'];
  if (app === undefined) throw new Error(`there is no application ${environ.HTTP_X_APP}`);
  return app(environ, startResponse);
};
