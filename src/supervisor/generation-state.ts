import type { GenerationState } from '../admin/status.ts';

/**
 * The life of an app's generation (DESIGN.md, section 6), as one table. Pure: it starts and stops nothing.
 *
 * declared → starting → warm → serving → draining → stopped; what cannot start is failed.
 */
export type { GenerationState };
export type GenerationEvent = 'start' | 'warmed' | 'committed' | 'retire' | 'drained' | 'fail';

const TABLE: Readonly<Record<GenerationState, Partial<Record<GenerationEvent, GenerationState>>>> = {
  declared: { start: 'starting', retire: 'stopped' },
  starting: { warmed: 'warm', fail: 'failed', retire: 'draining' },
  warm: { committed: 'serving', fail: 'failed', retire: 'draining' },
  serving: { retire: 'draining', fail: 'failed' },
  draining: { drained: 'stopped', fail: 'failed' },
  stopped: {},
  failed: {},
};

/**
 * The state after an event.
 * @throws Error where the event cannot happen in that state: a fault of the supervisor
 */
export function nextState(state: GenerationState, event: GenerationEvent): GenerationState {
  const next = TABLE[state][event];
  if (next === undefined) throw new Error(`a generation that is ${state} cannot be told "${event}"`);
  return next;
}

/** Whether an event can happen in a state. */
export function allows(state: GenerationState, event: GenerationEvent): boolean {
  return TABLE[state][event] !== undefined;
}
