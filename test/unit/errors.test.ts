import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  APP_ERRORS,
  AppError,
  CLIENT_ERRORS,
  ClientError,
  type ClientErrorCode,
  OVERLOAD_ERRORS,
  START_ERRORS,
  StartError,
  type StartErrorCode,
} from '../../src/errors.ts';

const DOCS = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
const SRC = new URL('../../src/', import.meta.url);

test('every code stands in docs/errors.md', () => {
  const codes = [CLIENT_ERRORS, OVERLOAD_ERRORS, APP_ERRORS, START_ERRORS].flatMap((table) => Object.keys(table));
  const missing = codes.filter((code) => !DOCS.includes(`\`${code}\``));
  assert.deepEqual(missing, []);
});

test('docs/errors.md has no code that src/ does not', () => {
  const inTables = [...DOCS.matchAll(/^\| `([A-Z][A-Z0-9_]+)`/gm)].map(([, code = '']) => code);
  assert(inTables.length > 0, 'its tables begin their lines with the code');
  const sources = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(ts|py)$/.test(name));
  const text = sources.map((name) => readFileSync(new URL(name, SRC), 'utf8')).join('\n');
  assert.deepEqual(
    inTables.filter((code) => !text.includes(code)),
    [],
  );
});

test('docs/errors.md says of a refusal what the client is told', () => {
  for (const [code, [status, message]] of Object.entries(CLIENT_ERRORS)) {
    assert(DOCS.includes(`| \`${code}\` | ${status} | ${message} |`), code);
  }
  for (const [code, why] of Object.entries(OVERLOAD_ERRORS)) assert(DOCS.includes(`| \`${code}\` | ${why} |`), code);
});

test('a refusal has a status of 4xx or 5xx, and words of its own', () => {
  for (const code of Object.keys(CLIENT_ERRORS) as ClientErrorCode[]) {
    const { status, message } = new ClientError(code);
    assert(status >= 400 && status < 600, code);
    assert.notEqual(message, '', code);
  }
});

test('an application’s error has the cure of its code, or a better one', () => {
  assert.equal(new AppError('APP_BODY_IS_CHUNK', 'x').cure, APP_ERRORS.APP_BODY_IS_CHUNK);
  assert.equal(new AppError('APP_BODY_IS_CHUNK', 'x', { cure: 'y' }).cure, 'y');
});

test('what stops the start ends the command with the status of its code', () => {
  for (const code of Object.keys(START_ERRORS) as StartErrorCode[]) {
    const { exitStatus } = new StartError({ code, message: 'what', cure: 'do' });
    assert.equal(exitStatus, START_ERRORS[code]);
    assert(exitStatus >= 1 && exitStatus <= 4, code);
  }
});
