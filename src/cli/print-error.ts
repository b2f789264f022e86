import { StartError, type StartFailure } from '../errors.ts';
import { escapeControls } from '../observe/readable.ts';

/**
 * Says on stderr what went wrong: what and where, the traceback where there is one, and what to do.
 * @returns the exit status
 */
export function printError(error: unknown): number {
  if (!(error instanceof StartError)) {
    const detail = error instanceof Error ? error.stack : String(error);
    process.stderr.write(
      `stillhouse: failed, by its own fault: ${detail}\n  cure: report it, with the command and this text\n`,
    );
    return 1;
  }
  process.stderr.write(describeFailure(error));
  return error.exitStatus;
}

/** The text of an error for the terminal. */
export function describeFailure({ code, message, cure, traceback }: StartFailure): string {
  const lines = [`stillhouse: ${escapeControls(message)}`];
  if (traceback !== undefined)
    lines.push(
      ...traceback
        .trimEnd()
        .split('\n')
        .map((line) => `    ${escapeControls(line)}`),
    );
  lines.push(`  cure: ${escapeControls(cure)}`, `  code: ${code}`);
  return `${lines.join('\n')}\n`;
}
