/** nginx in front of gunicorn and of uWSGI, over unix sockets, as the documentation of each has it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, type Contender, PROCESSES, type Start } from './contender.ts';
import { gunicorn, lacksGunicorn } from './gunicorn.ts';
import { lacksProgram } from './needs.ts';
import { lacksUwsgi, uwsgi } from './uwsgi.ts';

export const NGINX: readonly Contender[] = [
  {
    name: 'nginx-gunicorn',
    setup: `nginx with ${PROCESSES} workers, gunicorn --workers ${PROCESSES} behind it (sync, its advice for this place)`,
    language: 'python',
    environment: 'gunicorn',
    absent: () => lacksProgram('nginx') ?? lacksGunicorn(),
    commands: (start) => {
      const socket = join(start.scratch, 'app.sock');
      return [gunicorn(start, `unix:${socket}`, false, []), nginx(start, proxyPass(socket))];
    },
    isFront,
  },
  {
    name: 'nginx-uwsgi',
    setup: `nginx with ${PROCESSES} workers, uwsgi --master --processes ${PROCESSES} behind it`,
    language: 'python',
    environment: 'uwsgi',
    absent: () => lacksProgram('nginx') ?? lacksUwsgi(),
    commands: (start) => {
      const socket = join(start.scratch, 'app.sock');
      return [uwsgi(start, [`--socket=${socket}`, '--chmod-socket=666']), nginx(start, uwsgiPass(socket))];
    },
    isFront,
  },
];

/** docs.gunicorn.org, "Deploying Gunicorn". */
export function proxyPass(socket: string): string[] {
  return [
    'proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;',
    'proxy_set_header X-Forwarded-Proto $scheme;',
    'proxy_set_header Host $http_host;',
    'proxy_redirect off;',
    `proxy_pass http://unix:${socket};`,
  ];
}

export function uwsgiPass(socket: string): string[] {
  return ['include /etc/nginx/uwsgi_params;', `uwsgi_pass unix:${socket};`];
}

/** nginx that listens on the port. @param location directives for all paths */
export function nginx(
  { port, accessLog, scratch }: Pick<Start, 'port' | 'accessLog' | 'scratch'>,
  location: readonly string[],
): Command {
  const file = join(scratch, 'nginx.conf');
  const temporary = ['client_body', 'proxy', 'uwsgi', 'fastcgi', 'scgi'].map(
    (kind) => `  ${kind}_temp_path ${scratch}/nginx-${kind};`,
  );
  writeFileSync(
    file,
    `daemon off;
worker_processes ${PROCESSES};
worker_rlimit_nofile 40000;
pid ${scratch}/nginx.pid;
error_log ${scratch}/nginx-error.log warn;
events { worker_connections 15000; }
http {
  access_log ${accessLog ? `${scratch}/access.log combined` : 'off'};
  sendfile on;
  tcp_nopush on;
  keepalive_timeout 75s;
  keepalive_requests 100000000;
  client_max_body_size 0;
${temporary.join('\n')}
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      ${location.join('\n      ')}
    }
  }
}
`,
  );
  return { file: 'nginx', args: ['-c', file, '-e', join(scratch, 'nginx-error.log')] };
}

function isFront(command: string): boolean {
  return command.startsWith('nginx: worker');
}
