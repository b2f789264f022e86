import { readFileSync } from 'node:fs';
import type { Faults } from './layer.ts';

/** What the operator is told of the errors that a file gives, in place of the system's words. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'this user may not read it',
  EPERM: 'this user may not read it',
  EISDIR: 'it is a folder',
  ENOENT: 'there is no such file',
  ENOTDIR: 'it, or a part of its path, is no folder',
  ELOOP: 'its links lead in a circle',
};

/** Why a file cannot be read. */
export function reasonOf(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return REASONS[code] ?? message;
}

/**
 * The text of a file that is UTF-8.
 * @param name as messages call it
 * @returns undefined where it cannot be read, which is told to `faults`
 */
export function readText(path: string, name: string, faults: Faults): string | undefined {
  try {
    const bytes = readFileSync(path);
    const text = decode(bytes);
    if (text !== undefined) return text;
    const { line, column } = firstBad(bytes);
    faults.push({
      code: 'CONFIG_UNREADABLE',
      message: `${name}:${line}:${column}: the file is not UTF-8`,
      cure: 'save it as UTF-8',
    });
  } catch (error) {
    faults.push({
      code: 'CONFIG_UNREADABLE',
      message: `${name} cannot be read: ${reasonOf(error)}`,
      cure: `make it a file that the server’s user (uid ${process.getuid?.() ?? 0}) can read`,
    });
  }
  return undefined;
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** The line and column, from 1, at which bytes stop being UTF-8. */
function firstBad(bytes: Buffer): { line: number; column: number } {
  // A bad byte decodes to U+FFFD, and so does a U+FFFD that was written; this is only for the message.
  const before = bytes.toString('utf8').split('\ufffd', 1)[0] as string;
  const lines = before.split('\n');
  return { line: lines.length, column: (lines.at(-1) as string).length + 1 };
}
