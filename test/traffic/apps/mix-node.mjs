// mix-node.mjs PORT PROCESSES: the mix of test/traffic by node:http, in PROCESSES workers of node:cluster.
import cluster from 'node:cluster';
import { once } from 'node:events';
import http from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { partsOf, piecesOf, UploadJudge } from '../support/pattern.ts';

const [port, processes] = process.argv.slice(2).map(Number);

const ROUTES = {
  '/': (_request, _query, response) => answer(response, 'text/plain', 'ready\n'),
  '/json': (_request, query, response) => {
    const body = `${JSON.stringify({ id: Number(query.get('id')), text: query.get('text') })}\n`;
    answer(response, 'application/json', body);
  },
  '/echo': async (request, _query, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    answer(response, 'text/plain', Buffer.concat(chunks));
  },
  '/upload': async (request, query, response) => {
    const judge = new UploadJudge(Number(query.get('offset')));
    for await (const chunk of request) judge.add(chunk);
    answer(response, 'text/plain', judge.answer(query.get('id')));
  },
  '/sleep': async (_request, query, response) => {
    await setTimeout(Number(query.get('ms')));
    answer(response, 'text/plain', `${query.get('id')} slept\n`);
  },
  '/stream': async (_request, query, response) => {
    response.writeHead(200, { 'Content-Type': 'application/octet-stream' });
    for (const piece of piecesOf(query.get('id'), Number(query.get('pieces')))) {
      if (!response.write(piece)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
    }
    response.end();
  },
  '/down': (_request, query, response) => {
    answer(response, 'application/octet-stream', Buffer.concat(partsOf(query.get('id'), Number(query.get('bytes')))));
  },
  '/error': (_request, query) => {
    throw new Error(`asked for by request ${query.get('id')}`);
  },
};

function answer(response, type, body) {
  response.writeHead(200, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) });
  response.end(body);
}

async function handle(request, response) {
  const at = request.url.indexOf('?');
  const [path, text] = at < 0 ? [request.url, ''] : [request.url.slice(0, at), request.url.slice(at + 1)];
  try {
    await ROUTES[path](request, new Map(text.split('&').map((pair) => pair.split('='))), response);
  } catch (error) {
    // A client that has left is no fault of the application.
    if (request.destroyed && !request.complete) return;
    process.stderr.write(`${error.stack}\n`);
    response.writeHead(500, { 'Content-Type': 'text/plain', 'Content-Length': 22 });
    response.end('Internal Server Error\n');
  }
}

if (cluster.isPrimary) {
  for (let count = 0; count < processes; count++) cluster.fork();
  process.once('SIGTERM', () => {
    for (const worker of Object.values(cluster.workers)) worker.process.kill('SIGKILL');
    process.exit(0);
  });
} else {
  http.createServer(handle).listen({ host: '127.0.0.1', port });
}
