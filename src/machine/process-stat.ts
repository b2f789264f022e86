import { readFileSync } from 'node:fs';

/** What proc(5) tells of a process in one line. */
export interface ProcessStat {
  /** Whether it ends, or has ended and is not reaped yet: the kernel says so before it closes what the process holds. */
  readonly isEnding: boolean;
  /** User and system time, in ticks: whole numbers, whose sum never goes back by a rounding. */
  readonly cpu: number;
  /** When it started, in ticks since the boot: a pid is given anew. */
  readonly started: string;
}

/** Linux has counted in hundredths of a second towards programs since 2.6 (proc(5), USER_HZ). */
export const TICKS_PER_SECOND = 100;

/** The numbers that proc(5) gives to fields of /proc/PID/stat. */
const FIELD = { state: 3, flags: 9, utime: 14, stime: 15, starttime: 22 } as const;
/** The bit of a task's flags that the kernel sets before it closes what the task holds (PF_EXITING, linux/sched.h). */
const EXITING = 0x4;

/** Undefined where there is no such process. */
export function readStat(pid: number): ProcessStat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The command may hold anything, so fields are counted from its closing parenthesis, behind which is the state.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (name: keyof typeof FIELD): string => fields[FIELD[name] - FIELD.state] ?? '';
  return {
    isEnding: field('state') === 'Z' || (Number(field('flags')) & EXITING) !== 0,
    cpu: Number(field('utime')) + Number(field('stime')),
    started: field('starttime'),
  };
}
