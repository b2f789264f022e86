/** The mix of test/traffic as a WSGI application in TypeScript: the twin of wsgi_mix.py. */
import { setTimeout } from 'node:timers/promises';
import type { Application, Body, Environ, Input, StartResponse } from '../../../src/index.ts';
import { partsOf, piecesOf, UploadJudge } from '../support/pattern.ts';

const READ_BYTES = 65_536;

type Query = ReadonlyMap<string, string>;
type Route = (environ: Environ, query: Query, startResponse: StartResponse) => Body | Promise<Body>;

const ROUTES: ReadonlyMap<string, Route> = new Map<string, Route>([
  ['/', (environ, _, startResponse) => answer(environ, startResponse, 'text/plain', 'ready\n')],
  ['/json', makeJson],
  ['/echo', echo],
  ['/upload', upload],
  ['/sleep', sleep],
  ['/stream', stream],
  ['/down', down],
  ['/error', fail],
]);

export const application: Application = (environ, startResponse) => {
  const pairs = environ.QUERY_STRING.split('&').map((pair) => pair.split('=') as [string, string]);
  const route = ROUTES.get(environ.PATH_INFO);
  if (route === undefined) throw new Error(`there is no route ${environ.PATH_INFO}`);
  return route(environ, new Map(pairs), startResponse);
};

function answer(environ: Environ, startResponse: StartResponse, type: string, body: Uint8Array | string): Body {
  startResponse('200 OK', [
    ['Content-Type', type],
    ['Content-Length', String(Buffer.byteLength(body))],
  ]);
  return environ.REQUEST_METHOD === 'HEAD' ? [] : [body];
}

function makeJson(environ: Environ, query: Query, startResponse: StartResponse): Body {
  const body = `${JSON.stringify({ id: Number(query.get('id')), text: query.get('text') })}\n`;
  return answer(environ, startResponse, 'application/json', body);
}

async function echo(environ: Environ, _: Query, startResponse: StartResponse): Promise<Body> {
  return answer(environ, startResponse, 'text/plain', await environ['wsgi.input'].read());
}

async function upload(environ: Environ, query: Query, startResponse: StartResponse): Promise<Body> {
  const judge = new UploadJudge(Number(query.get('offset')));
  const input: Input = environ['wsgi.input'];
  for (let chunk = await input.read(READ_BYTES); chunk.length > 0; chunk = await input.read(READ_BYTES))
    judge.add(chunk);
  return answer(environ, startResponse, 'text/plain', judge.answer(query.get('id') as string));
}

async function sleep(environ: Environ, query: Query, startResponse: StartResponse): Promise<Body> {
  await setTimeout(Number(query.get('ms')));
  return answer(environ, startResponse, 'text/plain', `${query.get('id')} slept\n`);
}

function stream(_: Environ, query: Query, startResponse: StartResponse): Body {
  startResponse('200 OK', [['Content-Type', 'application/octet-stream']]);
  return piecesOf(query.get('id') as string, Number(query.get('pieces')));
}

function down(environ: Environ, query: Query, startResponse: StartResponse): Body {
  const body = Buffer.concat(partsOf(query.get('id') as string, Number(query.get('bytes'))));
  return answer(environ, startResponse, 'application/octet-stream', body);
}

function fail(_: Environ, query: Query): Body {
  throw new Error(`asked for by request ${query.get('id')}`);
}
