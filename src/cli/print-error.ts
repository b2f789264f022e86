import { ReloadFailed, START_ERRORS, StartError, type StartFailure } from '../errors.ts';
import { escapeControls } from '../observe/readable.ts';

/**
 * Says on stderr what went wrong: what and where, the traceback where there is one, and what to do.
 * @returns the exit status
 */
export function printError(error: unknown): number {
  if (error instanceof ReloadFailed) return printFailures(error.failures);
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

/** Why a reload came to nothing. The status is that of the first reason. */
function printFailures(failures: readonly StartFailure[]): number {
  for (const failure of failures) process.stderr.write(describeFailure(failure));
  process.stderr.write('stillhouse: nothing was reloaded, and what served before serves on\n');
  return START_ERRORS[(failures[0] as StartFailure).code];
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
