// node-server.mjs NAME PORT PROCESSES: the program of apps/hello-ts by node:http, express or fastify. JavaScript, so
// that a check of types needs no packages of the frameworks.
import cluster from 'node:cluster';
import http from 'node:http';

const [name, port, processes] = process.argv.slice(2);

const SERVERS = {
  'node-http': async () => http.createServer((_, response) => response.end('Index')),
  'node-http-app': async () =>
    http.createServer((request, response) => {
      const body = request.url === '/' ? 'Index' : 'Hello';
      response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': body.length });
      response.end(body);
    }),
  express: async () => {
    const { default: express } = await import('express');
    const app = express();
    app.disable('x-powered-by');
    app.disable('etag');
    app.get('/', (_, response) => response.type('text/plain').send('Index'));
    app.use((_, response) => response.type('text/plain').send('Hello'));
    return http.createServer(app);
  },
  fastify: async () => {
    const { default: fastify } = await import('fastify');
    const app = fastify();
    app.get('/', async (_, reply) => reply.type('text/plain').send('Index'));
    app.setNotFoundHandler((_, reply) => reply.type('text/plain').send('Hello'));
    await app.ready();
    return { listen: (where) => app.listen(where) };
  },
};

if (processes !== '1' && cluster.isPrimary) {
  for (let count = 0; count < Number(processes); count++) cluster.fork();
  process.once('SIGTERM', () => {
    for (const worker of Object.values(cluster.workers)) worker.process.kill('SIGKILL');
    process.exit(0);
  });
} else {
  const server = await SERVERS[name]();
  await server.listen({ host: '127.0.0.1', port: Number(port) });
}
