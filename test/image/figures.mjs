// `npm run image:figures`: the size of the image, the time from `docker run` to the first answer, and the memory of an
// idle container, which serves apps/hello. Each of the last two is the median of some runs.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { fileURLToPath } from 'node:url';

const RUNS = 5;
const IDLE_MS = 3000;
const IMAGE = 'stillhouse:figures';
const root = fileURLToPath(new URL('../..', import.meta.url));

docker('build', '--network', 'host', '--quiet', '--tag', IMAGE, root);
const { Size: size, Id: id } = JSON.parse(docker('image', 'inspect', IMAGE))[0];
const base = JSON.parse(docker('image', 'inspect', baseOf()))[0].Size;
const runs = [];
for (let count = 0; count < RUNS; count++) runs.push(await measure());
docker('image', 'rm', IMAGE);

const median = (values) => values.sort((one, other) => one - other)[Math.floor(values.length / 2)];
const mb = (bytes) => `${Math.round(bytes / 1e6)} MB`;
process.stdout.write(
  `image ${id.slice(7, 19)}: ${mb(size)}, of which ${mb(base)} are the Python base\n` +
    `docker run to the first answer: ${Math.round(median(runs.map(({ ms }) => ms)))} ms\n` +
    `idle memory, one Python app: ${mb(median(runs.map(({ memory }) => memory)))}\n`,
);

async function measure() {
  const began = performance.now();
  const container = docker(
    'run',
    '-d',
    '--read-only',
    '-v',
    `${root}apps/hello:/apps:ro`,
    '-p',
    '127.0.0.1::8000',
    IMAGE,
  );
  try {
    const port = docker('port', container, '8000/tcp').split('\n')[0].split(':').at(-1);
    while (!(await answers(port))) await new Promise((resolve) => setTimeout(resolve, 5));
    const ms = performance.now() - began;
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
    return { ms, memory: residentOf(container) };
  } finally {
    docker('rm', '--force', '--volumes', container);
  }
}

/** Proportional shares of its processes, so that what they share counts once; and not what the kernel caches. */
function residentOf(container) {
  const pids = docker('top', container, '-o', 'pid').split('\n').slice(1);
  const shares = pids.map((pid) => execFileSync('cat', [`/proc/${pid.trim()}/smaps_rollup`], { encoding: 'utf8' }));
  return shares.reduce((sum, text) => sum + Number(/^Pss: +([0-9]+) kB/m.exec(text)[1]) * 1024, 0);
}

function answers(port) {
  return new Promise((resolve) => {
    const request = get({ port, path: '/', agent: false, timeout: 1000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on('error', () => resolve(false));
  });
}

/** The name in the Dockerfile's last FROM line. */
function baseOf() {
  const dockerfile = readFileSync(`${root}Dockerfile`, 'utf8');
  const [, version] = /^ARG PYTHON_VERSION=(.+)$/m.exec(dockerfile);
  return `python:${version}-slim-trixie`;
}

function docker(...args) {
  return execFileSync('docker', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim();
}
