import type { Theme } from '../suite.ts';
import { BODY } from './body.ts';
import { BODYLESS } from './bodyless.ts';
import { CLOSING } from './closing.ts';
import { ENVIRON } from './environ.ts';
import { EXPECT_THEMES } from './expect.ts';
import { FILES } from './files.ts';
import { FLAGS } from './flags.ts';
import { INPUT } from './input.ts';
import { START } from './start.ts';
import { STRINGS } from './strings.ts';
import { WRITING } from './writing.ts';

/** Every theme of the conformance suite. */
export const THEMES: readonly Theme[] = [
  START,
  WRITING,
  BODY,
  BODYLESS,
  CLOSING,
  STRINGS,
  ENVIRON,
  INPUT,
  ...EXPECT_THEMES,
  FILES,
  ...FLAGS,
];
