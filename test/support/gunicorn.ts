/** The server that users come from, told the same words as Stillhouse: what holds under both is the application's doing. */
import { join } from 'node:path';
import { PYTHON, ROOT, RunningServer, serve } from './server.ts';
import { onPath } from './tools.ts';

/** A project of test/fixtures/real, and how it is served. */
export interface Project {
  readonly folder: string;
  /** `MODULE:CALLABLE` in that folder. */
  readonly target: string;
  /** Processes; 1 where it is left out. */
  readonly workers?: number;
  /** Of each process; 1 where it is left out. gunicorn takes its gthread worker for more. */
  readonly threads?: number;
  readonly environment?: Readonly<Record<string, string>>;
}

export type RealServer = RunningServer & { readonly port: number };

export interface ServerOfProjects {
  readonly name: string;
  start(project: Project): Promise<RealServer>;
}

export const folderOf = ({ folder }: Pick<Project, 'folder'>): string => join(ROOT, 'test/fixtures/real', folder);

/** What is said to both. */
function wordsFor({ workers = 1, threads = 1 }: Project): string[] {
  return [`--workers=${workers}`, `--threads=${threads}`, '--graceful-timeout=5'];
}

function runOptions(project: Project) {
  return { cwd: folderOf(project), env: { PYTHONDONTWRITEBYTECODE: '1', ...project.environment } };
}

function underStillhouse(project: Project): Promise<RealServer> {
  return serve(project.target, [...wordsFor(project), `--python=${PYTHON}`], runOptions(project));
}

/** @throws where there is no gunicorn, or it does not listen */
async function underGunicorn(project: Project): Promise<RealServer> {
  const [gunicorn] = onPath('gunicorn');
  if (gunicorn === undefined)
    throw new Error(
      "there is no gunicorn on the PATH, and a real application runs under it too: install Debian's gunicorn",
    );
  const args = [project.target, '--bind=127.0.0.1:0', ...wordsFor(project)];
  // It logs to stderr, and so do applications; as lines of stdout both are found as under Stillhouse.
  const command = ['/bin/sh', '-c', 'exec "$@" 2>&1', 'sh', PYTHON, gunicorn] as const;
  const server = new RunningServer(args, { ...runOptions(project), command });
  try {
    const [, port] = /127\.0\.0\.1:([0-9]+)/.exec(await server.line('Listening at:')) ?? [];
    return Object.assign(server, { port: Number(port) });
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

export const SERVERS: readonly ServerOfProjects[] = [
  { name: 'Stillhouse', start: underStillhouse },
  { name: 'gunicorn', start: underGunicorn },
];
