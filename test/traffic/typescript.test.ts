/** The mix of traffic under TypeScript workers of 64 slots, while the workers change. */
import { test } from 'node:test';
import { serveTheMix } from './support/mix-server.ts';
import { describeShape, type Shape, shapesOf } from './support/shapes.ts';

const SLOTS = 64;
const SHORT: readonly Shape[] = [
  { asked: 'whole', threads: SLOTS, streaming: false, change: 'reloads' },
  { asked: 'whole', threads: SLOTS, streaming: true, change: 'recycling' },
  { asked: 'whole', threads: SLOTS, streaming: false, change: 'scaling' },
];

for (const shape of shapesOf([SLOTS], SHORT)) {
  test(`TypeScript with ${describeShape(shape)}: 0 wrong, 0 lost, no worker killed`, async () => {
    await serveTheMix('mix.ts', shape);
  });
}
