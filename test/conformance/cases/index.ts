import type { Theme } from '../case.ts';
import { BODIES } from './bodies.ts';
import { BODYLESS } from './bodyless.ts';
import { CLOSING } from './closing.ts';
import { CONNECTION } from './connection.ts';
import { ENVIRON } from './environ.ts';
import { EXC_INFO } from './exc-info.ts';
import { FILES } from './files.ts';
import { HEADS } from './heads.ts';
import { INPUT } from './input.ts';
import { LENGTHS } from './lengths.ts';
import { START } from './start.ts';
import { STREAMS } from './streams.ts';
import { WRITING } from './writing.ts';

/** Every theme of the suite, in the order of the grid. */
export const THEMES: readonly Theme[] = [
  START,
  EXC_INFO,
  WRITING,
  BODIES,
  CLOSING,
  LENGTHS,
  BODYLESS,
  HEADS,
  ENVIRON,
  INPUT,
  CONNECTION,
  FILES,
  STREAMS,
];
