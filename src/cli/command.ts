import type { Arguments } from '../config/arguments.ts';
import type { Caller } from './read-config.ts';

/** A command, given its arguments. @returns the exit status */
export type Command = (args: Arguments, caller: Caller) => Promise<number>;
