/**
 * What Stillhouse promises beyond what any server must do: what its log says of each mistake and its cure, what it refuses where a text
 * leaves the choice, what its options change. What is asked of every server is the suite one folder up.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { APP_ERRORS } from '../../../src/errors.ts';
import { Exchange } from './exchange.ts';
import { ROWS, type Row } from './rows.ts';
import { type Kind, type Subject, start } from './subject.ts';

export interface Case {
  readonly row: Row;
  /** A sentence: what holds. */
  readonly name: string;
  /** Where it is asked of fewer than all kinds. */
  readonly kinds?: readonly Kind[];
  run(exchange: Exchange): Promise<void>;
}

/** Cases that share an app of `test/fixtures/pep`, `NAME.py` and its twin `NAME.ts`. */
export interface Theme {
  readonly app: string;
  readonly title: string;
  /** Stillhouse's own arguments. makeServer takes none, and is asked only themes without. */
  readonly args?: readonly string[];
  readonly cases: readonly Case[];
}

/** Whether a case is run against a kind. */
export function concerns({ args }: Theme, { kinds }: Case, kind: Kind): boolean {
  return (kinds === undefined || kinds.includes(kind)) && (kind !== 'makeServer' || args === undefined);
}

/** Runs every theme against one kind of server. @param needed whether this machine can */
export function conform(kind: Kind, themes: readonly Theme[], needed: { skip: string | false }): void {
  const exchanges: Exchange[] = [];
  for (const theme of themes) {
    const cases = theme.cases.filter((one) => concerns(theme, one, kind));
    if (cases.length === 0) continue;
    describe(`${kind}: ${theme.title}`, needed, () => {
      let subject: Subject;
      const begun: Exchange[] = [];
      before(async () => {
        subject = await start(kind, theme.app, theme.args ?? []);
      });
      after(() => subject?.[Symbol.asyncDispose]());
      cases.forEach((one, number) => {
        it(`${one.row}: ${one.name} (${ROWS[one.row]})`, async () => {
          using exchange = new Exchange(subject, `${theme.app}-${number}`);
          begun.push(exchange);
          exchanges.push(exchange);
          await one.run(exchange);
        });
      });
      it('each body that the app gave was closed exactly once', async () => {
        for (const exchange of begun) await exchange.checkClosed();
      });
    });
  }
  // makeServer complains in words alone.
  if (kind === 'makeServer') return;
  it(`${kind}: every complaint has a code of the table in src/errors.ts`, needed, () => {
    const codes = exchanges.flatMap(({ complaints }) => complaints.map(({ code }) => code));
    const unknown = new Set(codes.filter((code) => code !== undefined && !(code in APP_ERRORS)));
    assert.deepEqual([...unknown], []);
  });
}
