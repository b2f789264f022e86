import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  allows,
  type GenerationEvent,
  type GenerationState,
  nextState,
} from '../../../src/supervisor/generation-state.ts';

const STATES: GenerationState[] = ['declared', 'starting', 'warm', 'serving', 'draining', 'stopped', 'failed'];
const EVENTS: GenerationEvent[] = ['start', 'warmed', 'committed', 'retire', 'drained', 'fail'];

/** Every move that there is; all others are faults. */
const MOVES: Readonly<Record<string, GenerationState>> = {
  'declared start': 'starting',
  'declared retire': 'stopped',
  'starting warmed': 'warm',
  'starting retire': 'draining',
  'starting fail': 'failed',
  'warm committed': 'serving',
  'warm retire': 'draining',
  'warm fail': 'failed',
  'serving retire': 'draining',
  'serving fail': 'failed',
  'draining drained': 'stopped',
  'draining fail': 'failed',
};

test('a generation moves as the table says, and in no other way', async (t) => {
  for (const state of STATES) {
    for (const event of EVENTS) {
      const expected = MOVES[`${state} ${event}`];
      await t.test(`${state}, ${event}: ${expected ?? 'a fault'}`, () => {
        assert.equal(allows(state, event), expected !== undefined);
        if (expected !== undefined) assert.equal(nextState(state, event), expected);
        else assert.throws(() => nextState(state, event), new RegExp(`${state} cannot be told "${event}"`));
      });
    }
  }
});

test('a whole life is declared, starting, warm, serving, draining, stopped', () => {
  const life: GenerationEvent[] = ['start', 'warmed', 'committed', 'retire', 'drained'];
  const states: GenerationState[] = ['declared'];
  for (const event of life) states.push(nextState(states.at(-1) as GenerationState, event));
  assert.deepEqual(states, ['declared', 'starting', 'warm', 'serving', 'draining', 'stopped']);
});

test('what has stopped or failed is told nothing more', () => {
  for (const state of ['stopped', 'failed'] as const) assert(EVENTS.every((event) => !allows(state, event)));
});
