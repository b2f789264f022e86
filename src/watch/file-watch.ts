import { type FSWatcher, readFileSync, watch } from 'node:fs';
import { basename, dirname, relative, resolve, sep } from 'node:path';
import { identityOf, WatchedTree } from './watched-tree.ts';

/** A save is several events, and a checkout many: told when nothing has come for a while, and in any case after a longer one. */
const QUIET_MS = 100;
const LONGEST_MS = 2000;

/** What is to be done where the system watches no more. */
const LIMITS: Readonly<Record<string, string>> = {
  ENOSPC: 'fs.inotify.max_user_watches',
  EMFILE: 'fs.inotify.max_user_instances',
};

export interface WatchEvents {
  /** @param files absolute paths of what is new, changed or gone, sorted */
  changed(files: readonly string[]): void;
  /** Not everything is watched. Once. */
  incomplete(problem: { readonly code: 'WATCH_INCOMPLETE'; readonly message: string; readonly cure: string }): void;
}

/**
 * Watches folders and all below them, but for what is no code of the application (watched-names.ts), and single files. They need not exist yet, and may be
 * moved away and come again.
 * @param ignored folders in them that do not matter, such as the data directory
 */
export function watchFolders(
  folders: readonly string[],
  events: WatchEvents,
  ignored: readonly string[] = [],
): { close(): void } {
  return new FileWatch(folders, events, ignored);
}

interface Anchor {
  readonly watcher: FSWatcher;
  readonly above: string;
  readonly identity: string | undefined;
}

class FileWatch {
  readonly #events: WatchEvents;
  readonly #tree: WatchedTree;
  readonly #roots: readonly string[];
  /** For each root the nearest folder above it that exists: what tells of its coming and going. */
  readonly #anchors = new Map<string, Anchor>();
  readonly #changed = new Set<string>();
  #quiet: NodeJS.Timeout | undefined;
  #longest: NodeJS.Timeout | undefined;
  #complained = false;

  constructor(folders: readonly string[], events: WatchEvents, ignored: readonly string[]) {
    this.#events = events;
    this.#roots = folders.map((folder) => resolve(folder));
    this.#tree = new WatchedTree(
      ignored.map((folder) => resolve(folder)),
      {
        changed: (path) => this.#note(path),
        disowned: (folder) => {
          for (const path of this.#changed) if (path.startsWith(folder + sep)) this.#changed.delete(path);
        },
        refused: (error) => this.#complain(error),
        unsettled: (folder) => {
          if (this.#roots.includes(folder)) this.#look(folder);
        },
      },
    );
    for (const root of this.#roots) {
      this.#anchor(root);
      this.#tree.enter(root, false);
    }
  }

  close(): void {
    clearTimeout(this.#quiet);
    clearTimeout(this.#longest);
    for (const { watcher } of this.#anchors.values()) watcher.close();
    this.#anchors.clear();
    this.#tree.close();
  }

  #look(root: string): void {
    this.#anchor(root);
    this.#tree.renew(root);
  }

  #anchor(root: string): void {
    let above = dirname(root);
    while (identityOf(above) === undefined && above !== sep) above = dirname(above);
    const identity = identityOf(above);
    const anchor = this.#anchors.get(root);
    if (anchor?.above === above && anchor.identity === identity) return;
    anchor?.watcher.close();
    this.#anchors.delete(root);
    try {
      const watcher = watch(above, { persistent: false }, (_, name) => this.#heard(root, above, name));
      watcher.on('error', () => undefined);
      this.#anchors.set(root, { watcher, above, identity });
    } catch (error) {
      // Many a folder above may be passed through, and not read.
      if ((error as NodeJS.ErrnoException).code !== 'EACCES') this.#complain(error as NodeJS.ErrnoException);
    }
  }

  #heard(root: string, above: string, name: string | null): void {
    const [next] = relative(above, root).split(sep);
    if (name !== next && name !== basename(above)) return;
    const isRoot = name === next && above === dirname(root);
    if (isRoot && identityOf(root) === undefined) this.#note(root);
    this.#look(root);
  }

  #note(path: string): void {
    this.#changed.add(path);
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => this.#tell(), QUIET_MS).unref();
    this.#longest ??= setTimeout(() => this.#tell(), LONGEST_MS).unref();
  }

  #tell(): void {
    clearTimeout(this.#quiet);
    clearTimeout(this.#longest);
    this.#longest = undefined;
    const files = [...this.#changed].sort();
    this.#changed.clear();
    if (files.length > 0) this.#events.changed(files);
  }

  #complain(error: NodeJS.ErrnoException): void {
    if (this.#complained) return;
    this.#complained = true;
    const limit = LIMITS[error.code ?? ''];
    const where = (error as { path?: string }).path ?? this.#roots.join(', ');
    this.#events.incomplete({
      code: 'WATCH_INCOMPLETE',
      message: `not every change of a file will be seen: ${where} cannot be watched: ${limit === undefined ? error.message : `${limit} is ${amountOf(limit)}, and used up`}`,
      cure:
        limit === undefined
          ? 'let the server’s user read it, or reload with stillhouse reload'
          : `raise it (sysctl ${limit}=524288), watch fewer folders, or reload with stillhouse reload`,
    });
  }
}

function amountOf(limit: string): string {
  try {
    return readFileSync(`/proc/sys/${limit.replaceAll('.', '/')}`, 'utf8').trim();
  } catch {
    return 'unknown';
  }
}
