/** How many processes `auto` is (DECISIONS.md, "Limits of the container"). Pure. */
import type { MachineLimits } from './machine-limits.ts';

const MIB = 1 << 20;
/** What supervisor and front take, and what a small worker takes (measured: 120 MB resident in the image with one Python app). */
const SERVER_MEMORY = 96 * MIB;
const WORKER_MEMORY = 64 * MIB;
/** A front takes so many processors' worth of requests before a second one is of use. */
const CPUS_PER_FRONT = 4;

type Limits = Pick<MachineLimits, 'cpus' | 'memory'>;

/**
 * Workers of an app. `auto` is one for each processor, and two where a worker runs one request at a time: while that waits for a database, another has
 * the processor. No more than fit into the memory.
 * @param slots requests that a worker runs at a time
 */
export function workersOf(setting: number | 'auto', slots: number, { cpus, memory }: Limits): number {
  if (setting !== 'auto') return setting;
  const wanted = Math.ceil(cpus) * (slots === 1 ? 2 : 1);
  const fitting = Math.floor((memory - SERVER_MEMORY) / WORKER_MEMORY);
  return Math.max(1, Math.min(wanted, fitting));
}

/** Fronts of a server. `auto` is one for every four processors, and one where there are fewer. */
export function frontsOf(setting: number | 'auto', { cpus }: Limits): number {
  return setting === 'auto' ? Math.max(1, Math.floor(cpus / CPUS_PER_FRONT)) : setting;
}
