/** `npm test` runs the short form, `npm run chaos` the long one (CHAOS=long). */
export const isLong: boolean = process.env.CHAOS === 'long';

/** How often, or how much: the first in the short form, the second in the long one. */
export function times(short: number, long: number): number {
  return isLong ? long : short;
}
