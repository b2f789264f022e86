/** What became of every request that a load has sent. */

/** How a request was lost. A client that sends again what was lost would not see any of it; this one does not. */
export type Loss =
  /** An answer other than 200. */
  | 'status'
  /** 200, and not the bytes that were sent. */
  | 'wrong'
  /** The connection ended after a part of the answer. */
  | 'cut'
  /** The connection was reset before any byte of an answer. */
  | 'reset'
  /** The connection was closed before any byte of an answer. */
  | 'closed'
  /** There was no connection to be had. */
  | 'refused'
  /** There was no end of an answer in time. */
  | 'silent';

export interface Lost {
  readonly id: string;
  readonly loss: Loss;
  /** Of an answer whose head came. */
  readonly status: number | undefined;
  /** When it was known, in milliseconds since the load began. */
  readonly at: number;
}

/** Every request is in exactly one of `right` and `lost`. */
export class Account {
  sent = 0;
  right = 0;
  readonly lost: Lost[] = [];
  /** Bytes of right bodies. */
  bytes = 0;
  /** Connections that were opened. */
  connections = 0;
  /** Connections that the server closed while nothing was asked of them: no loss. */
  idleCloses = 0;
  /** Values of the header X-Worker, `PID-TIME`: who has answered. */
  readonly workers = new Set<string>();
  /** The longest that a right answer took, in milliseconds. */
  slowest = 0;

  /** Whether a worker of this process id has answered. */
  hasAnswerOf(pid: number): boolean {
    return [...this.workers].some((worker) => worker.startsWith(`${pid}-`));
  }

  /** How many were lost, by kind; answers other than 200 by their status. */
  get losses(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { loss, status } of this.lost) {
      const kind = loss === 'status' ? String(status) : loss;
      counts[kind] = (counts[kind] ?? 0) + 1;
    }
    return counts;
  }

  /** The ids of what was lost in this way. */
  ids(...losses: readonly Loss[]): string[] {
    return this.lost.filter(({ loss }) => losses.includes(loss)).map(({ id }) => id);
  }
}
