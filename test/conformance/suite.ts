import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { concerns } from './case.ts';
import { THEMES } from './cases/index.ts';
import { judge } from './judge.ts';
import { type OwnKind, startOwn } from './servers/own.ts';

/** Advice that Stillhouse does not follow: it drops hop-by-hop headers with a warning (docs/pep-3333.md), where a server should raise. */
const DEPARTURE = /^hop-.*-refused$/;
/** For what will not come. */
const BRIEFLY = { patience: 200 };

/** Asks every case of one of Stillhouse's own engines, what the texts only advise too. @param needed whether this machine can */
export function conform(kind: OwnKind, needed: { skip: string | false }): void {
  describe(`${kind} conforms`, needed, () => {
    let server: Awaited<ReturnType<typeof startOwn>>;
    before(async () => {
      server = await startOwn(kind);
    });
    after(() => server?.[Symbol.asyncDispose]());
    for (const { title, cases } of THEMES) {
      describe(title, () => {
        for (const one of cases) {
          if (!concerns(one, kind === 'python' ? 'python' : 'typescript')) continue;
          it(`${one.id}: ${one.sentence} (${one.section})`, async () => {
            if (DEPARTURE.test(one.id))
              return assert.equal((await judge(one, { ...server.target, ...BRIEFLY })).mark, 'fail');
            const { mark, why } = await judge(one, server.target);
            assert.equal(mark, 'pass', why);
          });
        }
      });
    }
  });
}
