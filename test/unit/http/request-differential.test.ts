/** The codec beside Node's own parser, over generated and changed requests: where they part, a row of a list says why. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXPLANATIONS } from '../../fuzz/differences.ts';
import { examine, examineBesideNode } from '../../fuzz/examine.ts';
import { Inputs } from '../../fuzz/inputs.ts';
import { Random } from '../../fuzz/random.ts';
import { CASES } from './cases/all.ts';

const SEED = 20_260_101;
const COUNT = 15_000;

test(`${COUNT} generated and changed requests: no difference without its explanation, no invariant broken`, async () => {
  const random = new Random(SEED);
  const inputs = new Inputs(random);
  for (let number = 0; number < COUNT; number++) {
    const text = inputs.next();
    const { finding, shape } = await examine(text, random);
    assert.equal(finding, undefined, `input ${number} of seed ${SEED}: ${JSON.stringify(text)}`);
    inputs.learn(text, shape);
  }
  assert(inputs.shapes > 500, `the inputs went only ${inputs.shapes} ways`);
});

test('the same seed makes the same inputs', () => {
  const made = () => {
    const inputs = new Inputs(new Random(SEED));
    return Array.from({ length: 50 }, () => inputs.next());
  };
  assert.deepEqual(made(), made());
});

test('each case of the table is read by both alike, or explained', async () => {
  for (const [name, , bytes, , limits] of CASES) {
    if (limits !== undefined) continue;
    assert.equal((await examineBesideNode(bytes)).finding, undefined, name);
  }
});

test('each explanation has a section, and an example that it explains', async (t) => {
  for (const { why, section, example, stricter, codes } of EXPLANATIONS) {
    await t.test(`${stricter} ${codes.join(', ')}: ${why}`, async () => {
      assert.match(section, /^RFC \d{4}, \d+(\.\d+)*$/);
      const { explanation, shape } = await examineBesideNode(example);
      assert.equal(explanation?.why, why, shape);
    });
  }
});
