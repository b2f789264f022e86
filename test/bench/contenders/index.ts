import { APACHE } from './apache.ts';
import type { Contender } from './contender.ts';
import { GUNICORN } from './gunicorn.ts';
import { NGINX } from './nginx.ts';
import { NODE_SERVERS } from './node.ts';
import { STILLHOUSE } from './stillhouse.ts';
import { THREADED } from './threaded.ts';

export type { BenchApp, Command, Contender, Start } from './contender.ts';

export const CONTENDERS: readonly Contender[] = [
  ...STILLHOUSE,
  ...GUNICORN,
  ...NGINX,
  ...THREADED,
  ...APACHE,
  ...NODE_SERVERS,
];
