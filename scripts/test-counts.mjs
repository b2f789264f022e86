/** Counts leaf tests from the events of node:test: a suite, or a test with subtests, is its parts and nothing more. */
export class TestCounts {
  passed = 0;
  failed = 0;
  /** @type {{ file: string, name: string, why: string }[]} */
  skipped = [];
  /** What failed without being a test. @type {{ file: string, what: string }[]} */
  problems = [];

  /** @param {string} file @param {{ type: string, data: any }[]} events all events of one file, in their order */
  add(file, events) {
    // node:test reports children before their parent, so a result one level deeper than this one is its child.
    const childrenAt = [];
    let results = 0;
    for (const { type, data } of events) {
      if (type !== 'test:pass' && type !== 'test:fail') continue;
      const hasChildren = (childrenAt[data.nesting + 1] ?? 0) > 0;
      childrenAt[data.nesting + 1] = 0;
      childrenAt[data.nesting] = (childrenAt[data.nesting] ?? 0) + 1;
      // A file without a test, and one that ends badly, are reported as a test with the file's name.
      if (data.name === file) this.#fail(file, type === 'test:pass' ? 'has no test in it' : fileError(data));
      else this.#count(file, data, type === 'test:pass', hasChildren);
      results += 1;
    }
    if (results === 0) this.#fail(file, 'has reported no test');
  }

  #count(file, data, hasPassed, hasChildren) {
    if (data.skip !== undefined || data.todo !== undefined) {
      const why = [data.skip, data.todo].find((reason) => typeof reason === 'string' && reason !== '');
      this.skipped.push({ file, name: data.name, why: why ?? (data.todo === undefined ? 'no reason given' : 'to do') });
      return;
    }
    const isLeaf = !hasChildren && data.details?.type !== 'suite';
    const failedByItself = !hasPassed && data.details?.error?.failureType !== 'subtestsFailed';
    if (failedByItself) this.failed += 1;
    else if (isLeaf) this.passed += 1;
  }

  #fail(file, what) {
    this.failed += 1;
    this.problems.push({ file, what });
  }
}

function fileError({ details }) {
  const { exitCode, signal, message } = details?.error ?? {};
  if (signal) return `its process was ended by ${signal}`;
  if (exitCode) return `its process ended with exit code ${exitCode}`;
  return message ?? 'failed outside of its tests';
}
