import { type AppSpec, isTarget } from '../apps/resolve.ts';

/** What `stillhouse routes` prints: a line for each app, in the order in which requests look for it. */
export function routesText(specs: readonly AppSpec[]): string {
  const byPath = [...specs].sort(
    (one, other) =>
      Number(other.host !== '') - Number(one.host !== '') ||
      other.path.length - one.path.length ||
      one.path.localeCompare(other.path),
  );
  const rows = byPath.map(({ name, host, path, target }) => [
    host + path,
    name,
    isTarget(target)
      ? `${target.file ?? target.module}${target.callable === null ? '' : `:${target.callable}`}`
      : `cannot be run: ${target.message}`,
  ]);
  const widths = [0, 1].map((column) => Math.max(0, ...rows.map((row) => (row[column] as string).length)));
  return rows
    .map(
      ([where, name, what]) =>
        `${(where as string).padEnd(widths[0] as number)}  ${(name as string).padEnd(widths[1] as number)}  ${what}\n`,
    )
    .join('');
}
