// The twin of test/fixtures/chaos/app.ts on Node's own server, with what PM2's documentation asks of an application that is to be reloaded ("Graceful
// Start/Shutdown"): it says when it is ready, and at SIGINT takes no more connections, lets what runs end, and exits.
import { createServer } from 'node:http';

const GENERATION = '0';

const server = createServer(async (request, response) => {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  const body = request.url === '/generation' ? Buffer.from(GENERATION) : Buffer.concat(pieces);
  response.writeHead(200, {
    'Content-Type': 'application/octet-stream',
    'Content-Length': body.length,
    'X-Worker': process.pid,
  });
  response.end(body);
});

server.listen(Number(process.env.PORT), '127.0.0.1', () => process.send?.('ready'));
process.on('SIGINT', () => server.close(() => process.exit(0)));
