/** `node run-make-server.ts FILE [PORT]`: serves the application of a file by makeServer, in this process, and says on which port. */
import { pathToFileURL } from 'node:url';
import { type Application, makeServer } from '../../src/index.ts';

const { application } = (await import(pathToFileURL(process.argv[2] as string).href)) as { application: Application };
const httpd = makeServer('127.0.0.1', Number(process.argv[3] ?? 0), application);
const serving = httpd.serveForever();
while (httpd.serverPort === 0) await new Promise((resolve) => setImmediate(resolve));
console.log(`listening on ${httpd.serverPort}`);
await serving;
