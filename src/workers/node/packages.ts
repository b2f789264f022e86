import { createRequire, registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const BARE = /^[^./#]/;
const OWN = /^stillhouse(?:\/|$)/;

/**
 * Finds what the application's own folder does not have: its packages, which are installed elsewhere because that folder may be read-only, and
 * `stillhouse` itself.
 * @param packages a folder whose `node_modules` holds the application's packages
 */
export function resolvePackages(packages: string | null): void {
  const installed = packages === null ? undefined : pathToFileURL(join(packages, 'package.json')).href;
  registerHooks({
    resolve(specifier, context, next) {
      try {
        return next(specifier, context);
      } catch (error) {
        const elsewhere = OWN.test(specifier) ? import.meta.url : installed;
        if (elsewhere === undefined || !BARE.test(specifier) || context.parentURL === elsewhere) throw error;
        try {
          if (codeOf(error) === 'ERR_MODULE_NOT_FOUND') return next(specifier, { ...context, parentURL: elsewhere });
          // require() takes no other parent.
          if (codeOf(error) === 'MODULE_NOT_FOUND')
            return { url: pathToFileURL(createRequire(elsewhere).resolve(specifier)).href, shortCircuit: true };
        } catch (second) {
          // The first error names who asked; the second matters where the package is there and cannot be used.
          if (!/MODULE_NOT_FOUND$/.test(codeOf(second))) throw second;
        }
        throw error;
      }
    },
  });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
