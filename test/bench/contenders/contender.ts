/** What a contender is: a way to serve an application, and how its processes are started. */
import type { EnvironmentName } from '../environments.ts';

/** An application to serve, in each language that it is written in: paths from the repository's root. */
export interface BenchApp {
  /** `application` in MODULE.py of FOLDER. */
  readonly python?: { readonly folder: string; readonly module: string };
  /** A file that exports `application`. */
  readonly typescript?: string;
  /** The same in the frameworks' own terms: a name that apps/node-server.mjs knows. */
  readonly javascript?: string;
  /** The same as a program of node:cluster, called with its port and the number of its workers. */
  readonly node?: string;
  /** One in Python as several apps, the first at the root: its file, and their names. */
  readonly several?: { readonly file: string; readonly names: readonly string[] };
}

/** What a start is given. */
export interface Start {
  readonly app: BenchApp;
  readonly port: number;
  /** A port for whatever else listens. */
  readonly sparePort: number;
  readonly accessLog: boolean;
  /** A folder of its own for configuration, sockets and logs, removed afterwards. */
  readonly scratch: string;
}

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface Contender {
  readonly name: string;
  /** How it is set up, for the reader of the report. */
  readonly setup: string;
  readonly language: keyof BenchApp;
  /** Its Python environment, where it has one. */
  readonly environment?: EnvironmentName;
  /** Why it cannot run on this machine, or nothing. */
  absent(): string | undefined;
  /** Its processes, in the order of their start; the descendants of each belong to it too. */
  commands(start: Start): readonly Command[];
  /** Whether a process, by its command line, is one that holds the clients' connections. */
  isFront?(command: string): boolean;
}

/** Worker processes of every contender that can have several. */
export const PROCESSES = 2;
