import { type Dirent, existsSync, type FSWatcher, readdirSync, statSync, watch } from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import { isMarker, isWatchedFile, isWatchedFolder } from './watched-names.ts';

export interface TreeEvents {
  /** A file is new, changed or gone; or a folder is gone. */
  changed(path: string): void;
  /** What changed lately in a folder, and below it, does not matter: it has turned out not to be the application's. */
  disowned(folder: string): void;
  /** A folder cannot be watched. */
  refused(error: NodeJS.ErrnoException): void;
  /** Something has happened to a watched folder itself, which it tells as of a file of its own name. */
  unsettled(folder: string): void;
}

/** Folders with all below them that is worth it, watched by one inotify watch each: `fs.watch` with `recursive` has one for each file. */
export class WatchedTree {
  readonly #watches = new Map<string, { readonly watcher: FSWatcher; readonly identity: string }>();
  readonly #ignored: readonly string[];
  readonly #events: TreeEvents;

  /** @param ignored folders that do not matter, whatever they are called */
  constructor(ignored: readonly string[], events: TreeEvents) {
    this.#ignored = ignored;
    this.#events = events;
  }

  has(folder: string): boolean {
    return this.#watches.has(folder);
  }

  /** @param isNew whether all that is in it has changed by that */
  enter(folder: string, isNew: boolean): void {
    const identity = identityOf(folder);
    if (identity === undefined || this.has(folder) || this.#ignored.includes(folder)) return;
    if (this.#isAbove(folder, identity) || !this.#watch(folder, identity)) return;
    // Watched before it is read: what comes between the two is seen twice.
    const entries = read(folder);
    if (entries.some(({ name }) => isMarker(name))) return this.leave(folder);
    for (const entry of entries) this.#look(join(folder, entry.name), entry, isNew);
  }

  /** Watches whatever stands there now: it may be another than did, or nothing. */
  renew(folder: string): void {
    const before = this.#watches.get(folder)?.identity;
    const now = identityOf(folder);
    // A watch that is closed takes with it what it has not told yet.
    if (now === before) return;
    if (now === undefined) this.#events.changed(folder);
    this.leave(folder);
    this.enter(folder, true);
  }

  /** Gives up a folder and all below it. */
  leave(folder: string): void {
    for (const [path, { watcher }] of this.#watches) {
      if (path !== folder && !path.startsWith(folder + sep)) continue;
      watcher.close();
      this.#watches.delete(path);
    }
  }

  close(): void {
    for (const { watcher } of this.#watches.values()) watcher.close();
    this.#watches.clear();
  }

  /** Links are followed, and may lead back to a folder above. */
  #isAbove(folder: string, identity: string): boolean {
    for (let above = dirname(folder); this.has(above); above = dirname(above)) {
      if (this.#watches.get(above)?.identity === identity) return true;
    }
    return false;
  }

  #watch(folder: string, identity: string): boolean {
    try {
      const watcher = watch(folder, { persistent: false }, (_, name) => this.#heard(folder, name));
      watcher.on('error', () => this.leave(folder));
      this.#watches.set(folder, { watcher, identity });
      return true;
    } catch (error) {
      // It may have gone in this moment.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#events.refused(error as NodeJS.ErrnoException);
      return false;
    }
  }

  #look(path: string, entry: Dirent, isNew: boolean): void {
    if (entry.isDirectory() || (entry.isSymbolicLink() && identityOf(path) !== undefined)) {
      if (isWatchedFolder(entry.name)) this.enter(path, isNew);
    } else if (isNew) this.#tell(path);
  }

  /** What happened is not told: of a folder every event is called a renaming. */
  #heard(folder: string, name: string | null): void {
    if (name === null) return;
    const path = join(folder, name);
    if (isMarker(name)) {
      this.leave(folder);
      return this.#events.disowned(folder);
    }
    const identity = identityOf(path);
    if (identity !== undefined || this.has(path)) {
      if (isWatchedFolder(name)) this.renew(path);
      return;
    }
    if (name === basename(folder) && !existsSync(path)) {
      return this.#events.unsettled(folder);
    }
    this.#tell(path);
  }

  #tell(path: string): void {
    if (isWatchedFile(basename(path))) this.#events.changed(path);
  }
}

/** Which folder stands there; undefined where none does. The number of an inode is given anew, at once. */
export function identityOf(path: string): string | undefined {
  try {
    const stat = statSync(path);
    return stat.isDirectory() ? `${stat.dev} ${stat.ino} ${stat.birthtimeMs}` : undefined;
  } catch {
    return undefined;
  }
}

function read(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
