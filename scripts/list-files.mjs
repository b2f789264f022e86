import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The files under a folder, sorted, as paths from the root; none when there is no such folder.
 * @param {string} root
 * @param {string} folder path from the root
 * @returns {string[]}
 */
export function listFiles(root, folder) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(folder, entry.parentPath.slice(join(root, folder).length), entry.name))
    .sort();
}
