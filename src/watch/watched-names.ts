/**
 * Which changes matter to an application that is being written: by what a file or folder is called. What is left out is made by tools, or written by the
 * application itself, which must not reload because it ran. A file that nobody has thought of counts: a reload too many loses nothing.
 */

/** Folders of others' code and of caches; every hidden folder as well. */
const FOLDERS: ReadonlySet<string> = new Set(['__pycache__', 'node_modules', 'bower_components', 'venv']);
/** A folder that holds one of these is a virtual environment (PEP 405), or says of itself that it is a cache (bford.info/cachedir). */
const MARKERS: ReadonlySet<string> = new Set(['pyvenv.cfg', 'CACHEDIR.TAG']);
const FILES: readonly RegExp[] = [
  // Of editors: backups, swap files, locks, what is written before it takes the file's name, and vim's trial of whether it may write (4913).
  /~$/,
  /^\..*\.sw[a-px-z]$/,
  /^\.?#|#$/,
  /^\.~lock\./,
  /^4913$/,
  /___jb_(?:tmp|old)___$/,
  /\.(?:bak|orig|rej|tmp|temp|part|crdownload)$/i,
  /^\.goutputstream-/,
  /^\.DS_Store$/,
  // Of the application: bytecode, databases, logs, locks, sockets.
  /\.py[co](?:\.[0-9]+)?$/,
  /\.(?:db|sqlite|sqlite3|db3)(?:-(?:journal|wal|shm))?$/i,
  /\.log(?:\.[0-9]+)?$/i,
  /\.(?:pid|lock|sock|socket)$/i,
];

export function isWatchedFolder(name: string): boolean {
  return !FOLDERS.has(name) && !name.startsWith('.') && !name.endsWith('.egg-info');
}

export function isWatchedFile(name: string): boolean {
  return !FILES.some((pattern) => pattern.test(name));
}

/** Whether a file of this name says that nothing in its folder is the application's. */
export function isMarker(name: string): boolean {
  return MARKERS.has(name);
}
