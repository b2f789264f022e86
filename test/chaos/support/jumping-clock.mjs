// Preloaded into every Node process of a server (NODE_OPTIONS=--import): the wall clock is off by as many milliseconds as the file CLOCK_OFFSET says,
// now. Timers and performance.now() go on, as with settimeofday(2). Python workers read no wall clock of their own.
import { readFileSync } from 'node:fs';

const file = process.env.CLOCK_OFFSET;
const RealDate = Date;
let offset = 0;

function look() {
  try {
    offset = Number(readFileSync(file, 'latin1'));
  } catch {
    // It is being written.
  }
}

look();
setInterval(look, 5).unref();

globalThis.Date = class extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(RealDate.now() + offset);
    else super(...args);
  }

  static now() {
    return RealDate.now() + offset;
  }
};
