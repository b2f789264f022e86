/** Bodies that can be checked byte by byte: a line with the request's id, then a piece of one pattern that the id chooses. */

/** The largest body. */
export const LARGEST = 2_097_152;

const PATTERN = makePattern(4_194_304);

/** Bytes that do not repeat (xorshift32), the same in every run. */
function makePattern(size: number): Buffer {
  const words = new Uint32Array(size / 4);
  let state = 0x9e3779b9;
  for (let at = 0; at < words.length; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[at] = state;
  }
  return Buffer.from(words.buffer);
}

/** The body of a request. @param size bytes, `LARGEST` at the most; at least the id's line is sent */
export function bodyFor(id: string, number: number, size: number): Buffer {
  const line = Buffer.from(`${id}\n`, 'latin1');
  const begin = (number * 7_919) % (PATTERN.length - LARGEST);
  return Buffer.concat([line, PATTERN.subarray(begin, begin + Math.max(0, size - line.length))]);
}
