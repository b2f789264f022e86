import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inEnvironment, isMade } from '../environments.ts';
import { ROOT } from '../root.ts';
import { type Command, type Contender, PROCESSES, type Start } from './contender.ts';
import { lacksProgram } from './needs.ts';

const MODULES = '/usr/lib/apache2/modules';

const THREADS = 15;

export const APACHE: readonly Contender[] = [
  {
    name: 'mod-wsgi',
    get setup() {
      const how = isMade('mod-wsgi') ? 'mod_wsgi-express: ' : '';
      return `${how}Apache with the event MPM, daemon mode, processes=${PROCESSES} threads=${THREADS}`;
    },
    language: 'python',
    environment: 'mod-wsgi',
    absent: () => (isMade('mod-wsgi') ? undefined : lacksProgram('apache2', `${MODULES}/mod_wsgi.so`)),
    commands: (start) => [isMade('mod-wsgi') ? express(start) : debians(start)],
  },
];

function express({ app, port, accessLog, scratch }: Start): Command {
  const { folder, module } = app.python as { folder: string; module: string };
  const asRoot = process.getuid?.() === 0 ? ['--user=www-data', '--group=www-data'] : [];
  return {
    file: inEnvironment('mod-wsgi', 'mod_wsgi-express'),
    args: [
      'start-server',
      '--host=127.0.0.1',
      `--port=${port}`,
      `--processes=${PROCESSES}`,
      `--threads=${THREADS}`,
      `--server-root=${join(scratch, 'apache')}`,
      '--keep-alive-timeout=75',
      '--limit-request-body=0',
      '--log-level=error',
      '--log-to-terminal',
      ...(accessLog ? ['--access-log'] : []),
      ...asRoot,
      join(ROOT, folder, `${module}.py`),
    ],
  };
}

function debians(start: Start): Command {
  const file = join(start.scratch, 'apache.conf');
  writeFileSync(file, configuration(start));
  return { file: 'apache2', args: ['-DFOREGROUND', '-d', start.scratch, '-f', file] };
}

function configuration({ app, port, accessLog, scratch }: Start): string {
  const { folder, module } = app.python as { folder: string; module: string };
  const path = join(ROOT, folder);
  const log = [
    `LoadModule log_config_module ${MODULES}/mod_log_config.so`,
    `CustomLog ${scratch}/access.log "%h %l %u %t \\"%r\\" %>s %O \\"%{Referer}i\\" \\"%{User-Agent}i\\""`,
  ];
  return `LoadModule mpm_event_module ${MODULES}/mod_mpm_event.so
LoadModule authz_core_module ${MODULES}/mod_authz_core.so
LoadModule wsgi_module ${MODULES}/mod_wsgi.so
${accessLog ? log.join('\n') : ''}
ServerName localhost
Listen 127.0.0.1:${port}
${process.getuid?.() === 0 ? 'User www-data\nGroup www-data' : ''}
PidFile ${scratch}/apache.pid
DefaultRuntimeDir ${scratch}
ErrorLog ${scratch}/apache-error.log
LogLevel error
KeepAlive On
KeepAliveTimeout 75
MaxKeepAliveRequests 0
LimitRequestBody 0
WSGISocketPrefix ${scratch}/wsgi
WSGIDaemonProcess bench processes=${PROCESSES} threads=${THREADS} python-path=${path}
WSGIProcessGroup bench
WSGIApplicationGroup %{GLOBAL}
WSGIScriptAlias / ${path}/${module}.py
<Directory ${path}>
  Require all granted
</Directory>
`;
}
