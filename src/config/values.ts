/** The texts of settings as values. Pure. */
import type { Setting } from './setting.ts';

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KIB: 1024,
  MIB: 1024 ** 2,
  GIB: 1024 ** 3,
};
const TIMES: Readonly<Record<string, number>> = { '': 1, MS: 0.001, S: 1, M: 60, H: 3600 };
/** Node's timers take no more: 2 ** 31 - 1 milliseconds. */
const LONGEST_TIMER_S = 2_147_483;
const AMOUNT = /^([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]*)$/;
const ADDRESS = /^(?:\[([0-9A-Fa-f:.]+(?:%[\w.-]+)?)\]|([^:[\]]*)):([0-9]{1,5})$/;
const YES: ReadonlySet<string> = new Set(['yes', 'true', 'on', '1']);
const NO: ReadonlySet<string> = new Set(['no', 'false', 'off', '0']);

/** Why a text is no value of its setting; the message says what would be. */
export class ValueError extends Error {
  override readonly name = 'ValueError';
}

/**
 * The value of a setting's text: a string, a number (seconds, bytes), a boolean or an address.
 * @throws ValueError
 */
export function parseValue(setting: Setting, text: string): unknown {
  switch (setting.kind) {
    case 'count':
      return within(setting, /^[0-9]+$/.test(text) ? Number(text) : fail(`${quote(text)} is not a whole number`));
    case 'processes':
      return text === 'auto' ? text : parseProcesses(setting, text);
    case 'mask':
      return text === '' ? text : parseMask(text);
    case 'seconds':
      return within(setting, amount(text, TIMES, 'a time such as 30, 500ms or 2m'));
    case 'bytes':
      return within(setting, Math.trunc(amount(text, UNITS, 'a size such as 65536, 64KiB or 1GB')));
    case 'switch':
      return YES.has(text) || (!NO.has(text) && fail(`${quote(text)} is neither yes nor no`));
    case 'choice':
      return setting.choices?.includes(text) ? text : fail(`${quote(text)} is none of ${setting.choices?.join(', ')}`);
    case 'addresses':
      return parseAddress(text);
    case 'mount':
      return parseMount(text);
    case 'target':
      return text === '' || /^\/[^\s#]*$/.test(text) ? text : fail(`${quote(text)} is not a path such as /health`);
    case 'hostname':
      return parseHostname(text);
    case 'token':
      return parseToken(text);
    default:
      return text === '' && setting.default !== '' ? fail(`an empty value is no ${setting.kind}`) : text;
  }
}

/** Several values in one text, between commas; `none` is none. @throws ValueError */
export function parseList(setting: Setting, text: string): readonly unknown[] {
  const values = text === 'none' ? [] : text.split(',').map((item) => parseValue(setting, item.trim()));
  if (values.length < (setting.least ?? 0)) fail('at least one is needed');
  return values;
}

function parseProcesses(setting: Setting, text: string): number {
  if (!/^[0-9]+$/.test(text)) fail(`${quote(text)} is neither a whole number nor auto`);
  return within(setting, Number(text));
}

/** umask(2): `027`, `0o27`. */
function parseMask(text: string): number {
  const [, digits] = /^(?:0o)?([0-7]{1,4})$/.exec(text) ?? fail(`${quote(text)} is not a mask in octal, such as 027`);
  const mask = Number.parseInt(digits as string, 8);
  return mask <= 0o777 ? mask : fail(`${quote(text)} is more than 777`);
}

/** `localhost:8000`, `:8000` (every IPv4 address), `[::1]:8000`. */
function parseAddress(text: string): { host: string; port: number } {
  const match = ADDRESS.exec(text);
  if (match === null || Number(match[3]) > 65535)
    fail(`${quote(text)} is not HOST:PORT, such as localhost:8000, 0.0.0.0:8000 or [::1]:8000`);
  const [, six, name = '', port] = match;
  return { host: six ?? (name === '' ? '0.0.0.0' : name), port: Number(port) };
}

/** `/blog`, `/a/b`, or `/` for the root; a slash at the end is dropped. */
function parseMount(text: string): string {
  if (text === '' || text === '/') return text;
  if (text.includes('%')) fail(`${quote(text)} is percent-encoded: write the characters themselves`);
  const path = text.replace(/\/$/, '');
  const isPath = /^(?:\/[^/?#\s]+)+$/.test(path) && !/\/\.{1,2}(?:\/|$)/.test(path);
  return isPath ? path : fail(`${quote(text)} is not a path such as / or /blog`);
}

/** A name or an address as it stands in a Host field, in lower case and without a port. */
function parseHostname(text: string): string {
  const host = text.toLowerCase();
  if (/:[0-9]+$/.test(host) && !host.endsWith(']')) fail(`${quote(text)} has a port: the name alone is compared`);
  const isName = host === '' || /^(?:[a-z0-9_-]+\.)*[a-z0-9_-]+$/.test(host) || /^\[[0-9a-f:.]+\]$/.test(host);
  return isName ? host : fail(`${quote(text)} is not a host name such as blog.example.com`);
}

/** A secret is never quoted. What a header cannot carry could never be given (RFC 6750, 2.1). */
function parseToken(text: string): string {
  if (text === '') fail('an empty value guards nothing');
  if (!/^[\x21-\x7e]+$/.test(text)) fail('it holds a space, a control character, or one that is not ASCII');
  return text;
}

function amount(text: string, units: Readonly<Record<string, number>>, example: string): number {
  const [, digits, unit = ''] = AMOUNT.exec(text) ?? [];
  const factor = units[unit.toUpperCase()];
  if (digits === undefined || factor === undefined) fail(`${quote(text)} is not ${example}`);
  return Number(digits) * factor;
}

function within(setting: Setting, value: number): number {
  const most = setting.most ?? (setting.kind === 'seconds' ? LONGEST_TIMER_S : Number.MAX_SAFE_INTEGER);
  if (value < (setting.least ?? 0)) fail(`${value} is less than ${setting.least}`);
  if (value > most) fail(`${value} is more than ${most}`);
  return value;
}

function quote(text: string): string {
  return text === '' ? 'an empty value' : JSON.stringify(text);
}

function fail(message: string): never {
  throw new ValueError(message);
}
