import { APACHE } from './apache.ts';
import type { Contender } from './contender.ts';
import { GRANIAN } from './granian.ts';
import { GUNICORN } from './gunicorn.ts';
import { LIBRARIES } from './libraries.ts';
import { NGINX } from './nginx.ts';
import { NODE_SERVERS } from './node.ts';
import { STILLHOUSE } from './stillhouse.ts';
import { UWSGI } from './uwsgi.ts';

export type { BenchApp, Command, Contender, Start } from './contender.ts';

export const CONTENDERS: readonly Contender[] = [
  ...STILLHOUSE,
  ...GRANIAN,
  ...GUNICORN,
  ...UWSGI,
  ...NGINX,
  ...LIBRARIES,
  ...APACHE,
  ...NODE_SERVERS,
];
