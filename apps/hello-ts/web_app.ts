/** The program that everyone learns WSGI from (PEP 3333), in TypeScript. */
import { type Application, makeServer } from 'stillhouse';

export const application: Application = (environ, startResponse) => {
  const body = environ.PATH_INFO === '/' ? 'Index' : 'Hello';
  startResponse('200 OK', [
    ['Content-Type', 'text/plain'],
    ['Content-Length', String(body.length)],
  ]);
  return [body];
};

if (import.meta.main) {
  const httpd = makeServer('127.0.0.1', 8051, application);
  await httpd.serveForever();
}
