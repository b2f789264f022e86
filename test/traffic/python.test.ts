/** The mix of traffic under Python workers, with each number of threads, while the workers change. */
import { test } from 'node:test';
import { lacksModule } from '../bench/contenders/needs.ts';
import { times } from '../chaos/support/form.ts';
import { PYTHON } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import { serveTheMix } from './support/mix-server.ts';
import { describeShape, type Shape, shapesOf } from './support/shapes.ts';

const SHORT: readonly Shape[] = [
  { asked: 'whole', threads: 1, streaming: false, change: 'reloads' },
  { asked: 'whole', threads: 8, streaming: true, change: 'reloads' },
  { asked: 'whole', threads: 2, streaming: false, change: 'recycling' },
  { asked: 'whole', threads: 32, streaming: true, change: 'recycling' },
  { asked: 'whole', threads: 8, streaming: false, change: 'scaling' },
  { asked: 'whole', threads: 1, streaming: true, change: 'scaling' },
  { asked: 'quick', threads: 2, streaming: false, change: 'steady' },
  { asked: 'quick', threads: 8, streaming: false, change: 'steady' },
];

for (const shape of shapesOf([1, 2, 8, 32], SHORT)) {
  test(`Python with ${describeShape(shape)}: 0 wrong, 0 lost, no worker killed`, needs('python3'), async () => {
    await serveTheMix('wsgi_mix.py', shape);
  });
}

const flask = { skip: lacksModule('flask') ?? false };
for (const threads of [1, 2, 8, 32].slice(times(2, 0), times(3, 4))) {
  const shape = { asked: 'whole', threads, streaming: false, change: 'steady' } as const;
  test(`Flask with ${describeShape(shape)}: 0 wrong, 0 lost, no worker killed`, flask, async () => {
    await serveTheMix('flask_mix.py', shape, [`--python=${PYTHON}`]);
  });
}
