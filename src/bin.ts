/** The executable, once `bin/stillhouse.mjs` has found a Node that can run it. */
import { main } from './cli/main.ts';

process.title = 'stillhouse: supervisor';
process.exitCode = await main(process.argv.slice(2));
