/** The executable, once `bin/stillhouse.mjs` has found a Node that can run it. */
import { main } from './cli/main.ts';

// A write to a reader of stdout that stands still would keep the process for ever.
process.exit(await main(process.argv.slice(2)));
