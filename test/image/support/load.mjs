// `node load.mjs URL CONNECTIONS`: keep-alive load without a pause until SIGTERM, then its figures as one line of JSON.
// Each connection sends its next request as soon as it has an answer, resolves the name anew when it has to connect,
// and repeats nothing: a request that gets no whole 200 is lost.
import { lookup } from 'node:dns';
import { Agent, get } from 'node:http';

const [url, connections] = process.argv.slice(2);
const figures = { answered: 0, lost: 0, connections: 0, errors: {}, servers: {} };
let isOver = false;

process.once('SIGTERM', () => {
  isOver = true;
});
await Promise.all(Array.from({ length: Number(connections) }, keepAsking));
process.stdout.write(`${JSON.stringify(figures)}\n`);

async function keepAsking() {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  while (!isOver) {
    try {
      await ask(agent);
      figures.answered += 1;
    } catch (error) {
      figures.lost += 1;
      const what = error.code ?? error.message;
      figures.errors[what] = (figures.errors[what] ?? 0) + 1;
    }
  }
  agent.destroy();
}

function ask(agent) {
  const { promise, resolve, reject } = Promise.withResolvers();
  const request = get(url, { agent, lookup: anyAddress, timeout: 20_000 }, (response) => {
    const { localAddress, remoteAddress } = response.socket;
    const server = remoteAddress ?? localAddress;
    figures.servers[server] = (figures.servers[server] ?? 0) + 1;
    response.resume();
    response.once('error', reject);
    response.once('end', () =>
      response.statusCode === 200 ? resolve() : reject(new Error(`status ${response.statusCode}`)),
    );
  });
  request.once('socket', () => {
    if (!request.reusedSocket) figures.connections += 1;
  });
  request.once('timeout', () => request.destroy(new Error('no answer in time')));
  request.once('error', reject);
  return promise;
}

/** One of a name's addresses by chance, as a balancer would choose. */
function anyAddress(name, options, done) {
  lookup(name, { family: 4, all: true }, (error, all) => {
    if (error) return done(error);
    const { address, family } = all[Math.floor(Math.random() * all.length)];
    return options.all ? done(null, [{ address, family }]) : done(null, address, family);
  });
}
