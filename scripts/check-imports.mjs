// The directions of imports in src/ (ARCHITECTURE.md).
import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join } from 'node:path';
import { findCircles } from './find-circles.mjs';
import { listFiles } from './list-files.mjs';
import { runAsProgram } from './problems.mjs';

/** Lowest first. A unit imports from itself and from lower lines; units on one line do not know each other. */
const LAYERS = [
  ['errors.ts', 'wsgi'],
  ['http', 'observe', 'config'],
  ['middleware', 'pool', 'apps', 'admin'],
  ['workers', 'front', 'machine', 'watch'],
  ['supervisor'],
  ['cli', 'index.ts'],
  ['bin.ts'],
];
/** The one import along a line. */
const ALLOWED_ALONG = new Set(['wsgi > errors.ts']);
/** The interface is pure: it does no I/O, so it names no module that can. */
const WSGI_MODULES = new Set(['node:buffer']);

const STATEMENT = /^[ \t]*(?:import|export)\b(?:[^'"`;]*?\bfrom)?\s*['"]([^'"\n]+)['"]/gm;
const DYNAMIC = /\bimport\(\s*['"]([^'"\n]+)['"]/g;

/**
 * @param {string} root the repository's root
 * @returns {import('./problems.mjs').Problem[]}
 */
export function checkImports(root) {
  const packages = new Set(
    Object.keys(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).dependencies ?? {}),
  );
  const files = listFiles(root, 'src');
  const problems = [];
  const edges = [];
  for (const file of files.filter((name) => name.endsWith('.ts'))) {
    for (const edge of importsOf(root, file)) {
      edges.push(edge);
      const found = edge.to === undefined ? judgeModule(edge, packages) : judgeDirection(edge);
      if (found !== undefined) problems.push({ file: edge.from, line: edge.line, ...found });
    }
  }
  return [...problems, ...findCircles(edges).map(describeCircle)];
}

/** Each import as `{ from, line, name, to }`, where `to` is a path from the root, or undefined for a package. */
function importsOf(root, file) {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(STATEMENT), ...text.matchAll(DYNAMIC)].map((match) => {
    const name = match[1];
    const line = text.slice(0, match.index + match[0].length).split('\n').length;
    return { from: file, line, name, to: /^\.\.?\//.test(name) ? join(dirname(file), name) : undefined };
  });
}

function judgeModule({ from, name }, packages) {
  const isBuiltin = name.startsWith('node:') || builtinModules.includes(name);
  if (unitOf(from) === 'wsgi' && !WSGI_MODULES.has(name)) {
    return {
      cause: `src/wsgi imports ${name}, and the interface is pure: of modules it may name ${[...WSGI_MODULES].join(', ')} alone`,
      cure: 'hand what it needs over as an argument',
    };
  }
  if (isBuiltin || packages.has(name.match(/^(@[^/]+\/)?[^/]+/)[0])) return undefined;
  return {
    cause: `imports ${name}, which is not among package.json's dependencies`,
    cure:
      name === 'stillhouse'
        ? 'import the file itself, by a relative path'
        : 'do without it; or add it to dependencies, with its reason in DECISIONS.md',
  };
}

function judgeDirection({ from, name, to }) {
  if (/\.json$/.test(to)) return undefined;
  if (!to.startsWith('src/')) {
    return { cause: `imports ${name}, which is outside of src/`, cure: 'move what both sides need into src/' };
  }
  if (!to.endsWith('.ts')) {
    return { cause: `imports ${name} without its .ts`, cure: `write '${name.replace(/(\.m?js)?$/, '.ts')}'` };
  }
  const [user, used] = [unitOf(from), unitOf(to)];
  const unknown = [user, used].find((unit) => layerOf(unit) === -1);
  if (unknown !== undefined) {
    return {
      cause: `src/${unknown} has no place among the layers`,
      cure: 'give it one: LAYERS in scripts/check-imports.mjs, and ARCHITECTURE.md',
    };
  }
  if (user === used || ALLOWED_ALONG.has(`${user} > ${used}`) || layerOf(used) < layerOf(user)) return undefined;
  const where = layerOf(used) === layerOf(user) ? 'stands beside it' : 'stands above it';
  return {
    cause: `src/${user} imports ${to}, and src/${used} ${where}`,
    cure: `move what src/${user} needs to a lower layer, or hand it over as an argument from above`,
  };
}

function describeCircle(path) {
  const [first] = path;
  const files = [...path.map(({ from }) => from), first.from].join(' > ');
  return {
    file: first.from,
    line: first.line,
    cause: `imports in a circle: ${files}`,
    cure: 'move what the files of the circle share into a file that imports none of them',
  };
}

/** `src/http/codec.ts` is of the unit `http`, `src/bin.ts` of the unit `bin.ts`. */
function unitOf(file) {
  return file.split('/')[1];
}

function layerOf(unit) {
  return LAYERS.findIndex((units) => units.includes(unit));
}

runAsProgram(import.meta, checkImports);
