/** Names that are remembered; more are made anew each time, so that a client that invents names takes no memory. */
const MOST_NAMES = 1024;
const MOST_LENGTH = 64;

/** The same function of a name, made once for each of the few names that come again and again. Undefined, for what is no name, is not remembered. */
export function remember<T>(make: (name: string) => T | undefined): (name: string) => T | undefined {
  const known = new Map<string, T>();
  return (name) => {
    const before = known.get(name);
    if (before !== undefined) return before;
    const made = make(name);
    if (made !== undefined && known.size < MOST_NAMES && name.length <= MOST_LENGTH) known.set(name, made);
    return made;
  };
}
