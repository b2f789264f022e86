/** make-server.ts FILE PORT: serves FILE's `application` in this process. */
import { type Application, makeServer } from '../../../src/index.ts';

const [file = '', port] = process.argv.slice(2);
const { application } = (await import(file)) as { application: Application };
const server = makeServer('127.0.0.1', Number(port), application);
process.once('SIGTERM', () => process.exit(0));
await server.serveForever();
