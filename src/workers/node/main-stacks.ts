/** What the main thread does, asked from another thread while it may be busy: by Node's inspector, which is connected only while it is asked. */
import { type Debugger, Session } from 'node:inspector';
import { fileURLToPath } from 'node:url';

/** How long a main thread takes to hear a question, in milliseconds, busy or not: C++ code that holds it hears nothing. */
const HEARD_MS = 600;
/** How long JavaScript that runs takes to be paused, once that is heard; an event loop that waits has nothing to pause. */
const PAUSE_MS = 250;
const RESOURCES = '[...new Set(process.getActiveResourcesInfo())].join(", ")';
const TITLE = 'Thread main (most recent call last):';
const HELD = `${TITLE}\n  (the event loop is held by code that is not JavaScript)`;

/**
 * Where the main thread stands, in the form of a Python traceback: outermost frame first, without Node's and this worker's own.
 * @param own the URL under which this worker's own modules lie
 */
export async function mainStacks(own: string): Promise<string> {
  const session = new Session();
  session.connectToMainThread();
  try {
    const { heard, paused } = pause(session);
    if ((await within(HEARD_MS, heard)) === undefined) return HELD;
    const lines = ((await within(PAUSE_MS, paused)) ?? [])
      .filter(({ url }) => url !== '' && !url.startsWith('node:') && !url.startsWith(own))
      .map(describeFrame);
    return lines.length > 0 ? [TITLE, ...lines.reverse()].join('\n') : await describeWait(session);
  } finally {
    // A thread that is paused goes on.
    session.disconnect();
  }
}

function describeFrame({ url, functionName, location }: Debugger.CallFrame): string {
  const file = url.startsWith('file:') ? fileURLToPath(url) : url;
  return `  File "${file}", line ${location.lineNumber + 1}, in ${functionName === '' ? '<anonymous>' : functionName}`;
}

/** Node keeps no stack of what is awaited. */
async function describeWait(session: Session): Promise<string> {
  session.post('Debugger.disable'); // or the question itself would be paused
  const resources = await within(HEARD_MS, evaluate(session, RESOURCES));
  return resources === undefined
    ? HELD
    : `${TITLE}\n  (nothing of the application runs here: the event loop waits for ${resources})`;
}

function evaluate(session: Session, expression: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  session.post('Runtime.evaluate', { expression, returnByValue: true }, (_, answer) =>
    resolve(String(answer?.result.value ?? 'nothing that it tells')),
  );
  return promise;
}

interface Pause {
  /** The main thread knows that it is to pause. */
  readonly heard: Promise<true>;
  /** What it ran when it did; its frames, innermost first. */
  readonly paused: Promise<Debugger.CallFrame[]>;
}

function pause(session: Session): Pause {
  const heard = Promise.withResolvers<true>();
  const paused = Promise.withResolvers<Debugger.CallFrame[]>();
  // A frame's own `url` is empty.
  const urls = new Map<string, string>();
  session.on('Debugger.scriptParsed', ({ params: { scriptId, url } }) => void urls.set(scriptId, url));
  session.once('Debugger.paused', ({ params: { callFrames } }) =>
    paused.resolve(callFrames.map((frame) => ({ ...frame, url: urls.get(frame.location.scriptId) ?? '' }))),
  );
  session.post('Debugger.enable');
  session.post('Debugger.pause', () => heard.resolve(true));
  return { heard: heard.promise, paused: paused.promise };
}

async function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  const { promise: expired, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), ms);
  const value = await Promise.race([promise, expired]);
  clearTimeout(timer);
  return value;
}
