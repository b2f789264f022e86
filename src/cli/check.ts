import { type AppSpec, isTarget } from '../apps/resolve.ts';
import type { Resolved } from '../config/layer.ts';
import type { Config } from '../config/load.ts';
import { type Address, SETTING_NAMES, SETTINGS, type Setting, type SettingName } from '../config/settings.ts';
import { dataDirectoryOf } from './plan.ts';

/** A setting's value as it is printed, and where it came from. */
type Row = readonly [key: string, value: string, from: string];

/** What `stillhouse check` prints: every value that holds, with where it came from. Secrets are masked. */
export function checkText(config: Config, specs: readonly AppSpec[]): string {
  const { settings } = config.server;
  const rows = rowsOf('server', config.server, { dataDirectory: dataDirectoryOf(settings) });
  const sections = [`# ${config.fileName ?? 'no configuration file'}`, ...table(rows)];
  for (const spec of specs) sections.push('', ...appSection(spec));
  return `${sections.join('\n')}\n`;
}

function appSection(spec: AppSpec): string[] {
  const { name, host, path, target, resolved } = spec;
  const what = isTarget(target) ? `${target.language === 'node' ? 'Node' : 'Python'}` : 'cannot be run';
  const app = isTarget(target) ? (target.file ?? target.module ?? '') : '""';
  const environment = Object.keys(spec.environment).map((variable) => `${variable}: ********`);
  const known = {
    path,
    ...(resolved.settings.app === '' ? { app } : {}),
    environment: environment.length === 0 ? '{}' : `{ ${environment.join(', ')} }`,
  };
  const from = { ...resolved.from, environment: spec.environmentFrom };
  const rows = rowsOf('app', { ...resolved, from }, known);
  return [`# app ${name} at ${host}${path}: ${what}`, ...table(rows)];
}

/** @param known what holds where a setting leaves it open */
function rowsOf(
  scope: 'server' | 'app',
  { settings, from }: Resolved,
  known: Partial<Record<SettingName, string>>,
): Row[] {
  return SETTING_NAMES.filter((name) => ((SETTINGS[name] as Setting).scope === 'server') === (scope === 'server')).map(
    (name) => [SETTINGS[name].key, known[name] ?? show(SETTINGS[name], settings[name]), from[name]],
  );
}

function table(rows: readonly Row[]): string[] {
  const lines = rows.map(([key, value, from]) => [`${key}: ${value}`, `# ${from}`] as const);
  const width = Math.min(60, Math.max(...lines.map(([left]) => left.length)));
  return lines.map(([left, right]) => `${left.padEnd(width)}  ${right}`);
}

/** A value as a file could have it. */
function show(setting: Setting, value: unknown): string {
  if (value === '') return '""';
  if (setting.secret === true) return '********';
  switch (setting.kind) {
    case 'addresses':
      return JSON.stringify(
        (value as Address[]).map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`),
      ).replaceAll('","', '", "');
    case 'bytes':
      return bytes(value as number);
    case 'mask':
      return (value as number).toString(8).padStart(4, '0');
    case 'switch':
      return value === true ? 'yes' : 'no';
    case 'text':
      // An index may have a user's name and password in its URL.
      return String(value).replace(/\/\/[^/@]*@/, '//********@');
    default:
      return String(value);
  }
}

function bytes(value: number): string {
  const power = [3, 2, 1].find((each) => value > 0 && value % 1024 ** each === 0);
  return power === undefined ? String(value) : `${value / 1024 ** power}${['', 'KiB', 'MiB', 'GiB'][power]}`;
}
