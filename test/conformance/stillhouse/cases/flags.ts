import assert from 'node:assert/strict';
import type { Kind } from '../subject.ts';
import type { Theme } from '../suite.ts';

/** `wsgi.multithread` and `wsgi.multiprocess` of an app whose pool was started with `args`. */
function flags(args: readonly string[] | undefined, expected: readonly [boolean, boolean], kinds?: Kind[]): Theme {
  return {
    app: 'environ',
    title: `flags of ${args?.join(' ') ?? 'one process'}`,
    ...(args === undefined ? {} : { args }),
    cases: [
      {
        row: 'flags',
        name: `multithread ${expected[0]}, multiprocess ${expected[1]}, run_once false`,
        ...(kinds === undefined ? {} : { kinds }),
        async run(exchange) {
          const seen = JSON.parse(await exchange.text('/')) as Record<string, unknown>;
          assert.deepEqual([seen['wsgi.multithread'], seen['wsgi.multiprocess']], expected);
          assert.equal(seen['wsgi.run_once'], false);
        },
      },
    ],
  };
}

export const FLAGS: readonly Theme[] = [
  flags(['--workers=1', '--threads=1'], [false, false]),
  flags(['--workers=2', '--threads=1'], [false, true]),
  flags(['--workers=1', '--threads=4'], [true, false]),
  flags(['--workers=2', '--threads=4'], [true, true]),
  flags(undefined, [true, false], ['makeServer']),
];
