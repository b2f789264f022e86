/** Large bodies, one at a time. */
import { download, upload } from '../clients/transfer.ts';
import type { Figure } from '../results.ts';
import type { BenchServer } from '../server.ts';
import { memoryOf, processesOf, usageOf } from '../usage.ts';

export interface TransferLoad {
  readonly direction: 'up' | 'down';
  readonly bytes: number;
  /** How many, one after the other. */
  readonly count: number;
}

const WARM_UP_BYTES = 4 * 2 ** 20;
const SAMPLE_MS = 50;

/** Throughput, CPU, and the most memory that was seen meanwhile. */
export async function measureTransfers(
  server: BenchServer,
  { direction, bytes, count }: TransferLoad,
): Promise<Figure> {
  const transfer = direction === 'up' ? upload : download;
  await transfer(server.port, WARM_UP_BYTES);
  using memory = new MemoryWatch(server);
  const before = usageOf(server.roots).cpu;
  const startedAt = performance.now();
  for (let left = count; left > 0; left--) await transfer(server.port, bytes);
  const seconds = (performance.now() - startedAt) / 1000;
  const cpu = usageOf(server.roots).cpu - before;
  const megabytes = (bytes * count) / 1e6;
  return { megabytesPerSecond: megabytes / seconds, cpuPerMegabyte: (cpu * 1e6) / megabytes, ...memory.figure() };
}

class MemoryWatch implements Disposable {
  readonly #fronts: readonly number[];
  readonly #all: readonly number[];
  readonly #atFirst: number;
  readonly #timer: NodeJS.Timeout;
  #front = 0;
  #tree = 0;

  constructor(server: BenchServer) {
    this.#fronts = server.fronts;
    this.#all = processesOf(server.roots).map(({ pid }) => pid);
    this.#atFirst = memoryOf(this.#fronts);
    this.#timer = setInterval(() => this.#look(), SAMPLE_MS);
  }

  figure(): Figure {
    this.#look();
    const rise = this.#fronts.length === 0 ? {} : { rise: this.#front - this.#atFirst };
    return { ...rise, memory: this.#tree };
  }

  #look(): void {
    this.#front = Math.max(this.#front, memoryOf(this.#fronts));
    this.#tree = Math.max(this.#tree, memoryOf(this.#all));
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
