/** Every case of the codec, by theme. */
import type { Case } from './case.ts';
import { CHUNKS } from './chunks.ts';
import { FIELDS } from './fields.ts';
import { FRAMING } from './framing.ts';
import { LIMITED } from './limits.ts';
import { MEANING } from './meaning.ts';
import { REQUEST_LINE } from './request-line.ts';
import { STREAM } from './stream.ts';
import { TARGET } from './target.ts';

export const THEMES: Readonly<Record<string, readonly Case[]>> = {
  'the request line': REQUEST_LINE,
  'the target': TARGET,
  'field lines': FIELDS,
  'Host, Connection and Expect': MEANING,
  'where a body ends': FRAMING,
  'chunks and trailers': CHUNKS,
  limits: LIMITED,
  'requests one after the other': STREAM,
};

export const CASES: readonly Case[] = Object.values(THEMES).flat();
