/** The other servers, each in one process, and otherwise as its own documentation advises for requests that come straight from clients. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command, Start } from '../../bench/contenders/index.ts';
import { lacksModule, lacksProgram, PYTHON } from '../../bench/contenders/needs.ts';
import { ROOT } from '../../support/server.ts';
import type { Server } from './server.ts';

const APPS = join(ROOT, 'test/conformance/apps');
const SERVE = join(ROOT, 'test/conformance/servers/serve.py');
const PLUGINS = '/usr/lib/uwsgi/plugins';
const MODULES = '/usr/lib/apache2/modules';

const versionOf = (name: string) =>
  [PYTHON, '-c', `import importlib.metadata as m; print(m.version('${name}'))`] as const;

export const PEERS: readonly Server[] = [
  library('wsgiref', 'wsgiref.simple_server.make_server, as it is', [PYTHON, '--version']),
  gunicorn('gunicorn-sync', '--workers=1', []),
  gunicorn('gunicorn-gthread', '--workers=1 --worker-class=gthread --threads=4', [
    '--worker-class=gthread',
    '--threads=4',
  ]),
  {
    name: 'uwsgi',
    setup: '--http (its documentation’s first way), one process of two threads',
    language: 'python',
    version: ['uwsgi', '--version'],
    absent: () => lacksProgram('uwsgi', `${PLUGINS}/python3_plugin.so`, `${PLUGINS}/http_plugin.so`),
    commands: ({ port }) => [
      {
        file: 'uwsgi',
        args: [
          '--plugins=http,python3',
          `--http=127.0.0.1:${port}`,
          `--chdir=${APPS}`,
          '--module=conformance_app:application',
          '--master',
          '--processes=1',
          '--threads=2',
          '--single-interpreter',
          '--need-app',
          '--die-on-term',
        ],
      },
    ],
  },
  library('waitress', 'waitress.serve, as it is', versionOf('waitress'), 'waitress'),
  library('cheroot', 'cheroot.wsgi.Server, as it is', versionOf('cheroot'), 'cheroot'),
  {
    name: 'mod-wsgi',
    setup: 'Apache with the event MPM, daemon mode with one process and its 15 threads',
    language: 'python',
    version: [PYTHON, '-c', modWsgiVersion()],
    absent: () => lacksProgram('apache2', `${MODULES}/mod_wsgi.so`),
    commands: (start) => [apache(start)],
  },
];

/** A server that is a Python library. */
function library(name: string, setup: string, version: readonly [string, ...string[]], module = 'wsgiref'): Server {
  return {
    name,
    setup,
    language: 'python',
    version,
    absent: () => lacksProgram(PYTHON) ?? lacksModule(module),
    commands: ({ port }) => [{ file: PYTHON, args: [SERVE, name, String(port)] }],
  };
}

function gunicorn(name: string, setup: string, options: readonly string[]): Server {
  return {
    name,
    setup,
    language: 'python',
    version: ['gunicorn', '--version'],
    absent: () => lacksProgram('gunicorn'),
    commands: ({ port }) => [
      {
        file: 'gunicorn',
        args: [`--chdir=${APPS}`, `--bind=127.0.0.1:${port}`, '--workers=1', ...options, 'conformance_app:application'],
      },
    ],
  };
}

function apache({ port, scratch }: Start): Command {
  const file = join(scratch, 'apache.conf');
  writeFileSync(
    file,
    `LoadModule mpm_event_module ${MODULES}/mod_mpm_event.so
LoadModule authz_core_module ${MODULES}/mod_authz_core.so
LoadModule wsgi_module ${MODULES}/mod_wsgi.so
ServerName localhost:${port}
Listen 127.0.0.1:${port}
${process.getuid?.() === 0 ? 'User www-data\nGroup www-data' : ''}
PidFile ${scratch}/apache.pid
DefaultRuntimeDir ${scratch}
ErrorLog ${scratch}/apache-error.log
WSGISocketPrefix ${scratch}/wsgi
WSGIDaemonProcess conformance
WSGIProcessGroup conformance
WSGIApplicationGroup %{GLOBAL}
WSGIScriptAlias / ${APPS}/conformance_app.py
<Directory ${APPS}>
  Require all granted
</Directory>
`,
  );
  return { file: 'apache2', args: ['-DFOREGROUND', '-d', scratch, '-f', file] };
}

/** Debian's package says it nowhere else. */
function modWsgiVersion(): string {
  return `import re; print(re.search(rb'\\0(4\\.\\d+\\.\\d+)\\0', open('${MODULES}/mod_wsgi.so', 'rb').read())[1].decode())`;
}
