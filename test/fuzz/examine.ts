/** Everything that is asked of one input: the invariants, and what Node's parser makes of it. */
import { DEFAULT_LIMITS, type Limits } from '../../src/http/limits.ts';
import { latin1 } from '../unit/http/parse.ts';
import { compare } from './compare.ts';
import { type Explanation, explain } from './differences.ts';
import { assertSplitsAgree, assertWritesBack, TIGHT } from './invariants.ts';
import { NodeReader } from './node-reader.ts';
import type { Random } from './random.ts';
import { readByUs } from './reading.ts';

const LIMITS: readonly Limits[] = [
  TIGHT,
  { ...TIGHT, requestLine: 60, fieldBytes: 30 },
  { ...TIGHT, fieldBytes: 4000 },
];

export interface Verdict {
  /** What is wrong, where something is. */
  readonly finding: string | undefined;
  /** Of a difference to Node. */
  readonly explanation: Explanation | undefined;
  /** Inputs of one shape went the same way. */
  readonly shape: string;
}

const node = new NodeReader();

/** Never rejects: what was thrown is the finding. */
export async function examine(text: string, random: Random): Promise<Verdict> {
  try {
    const outcome = assertSplitsAgree(text, cuts(random), DEFAULT_LIMITS);
    assertWritesBack(text, outcome);
    assertSplitsAgree(text, cuts(random), random.pick(LIMITS));
    const { explanation, finding, shape } = await examineBesideNode(text);
    const framings = outcome.requests.map(({ framing, body }) => `${typeof framing.length} ${Math.sign(body.length)}`);
    return { finding, explanation, shape: [outcome.refused, ...framings, shape].join() };
  } catch (error) {
    return {
      finding: error instanceof Error ? (error.stack ?? error.message) : String(error),
      explanation: undefined,
      shape: '',
    };
  }
}

/** The differential test alone. */
export async function examineBesideNode(text: string): Promise<Verdict> {
  const ours = readByUs(text);
  const theirs = await node.read(latin1(text));
  const difference = compare(ours, theirs);
  const shape = `${theirs.refused} ${theirs.requests.length} ${difference?.stricter}`;
  if (difference === undefined) return { finding: undefined, explanation: undefined, shape };
  const explanation = explain(text, difference, ours, theirs);
  if (explanation !== undefined) return { finding: undefined, explanation, shape: `${shape} ${explanation.why}` };
  const readings = JSON.stringify({ ours, theirs }, undefined, 2);
  return {
    finding: `no row explains why Node differs (${difference.stricter} ${difference.code}): ${readings}`,
    explanation,
    shape,
  };
}

function cuts(random: Random): number[] {
  return random.some(8, () => random.below(5000));
}
