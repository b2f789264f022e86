/** What the main thread does, asked from another thread while it may be busy: by Node's inspector, which is connected only while it is asked. */
import { type Debugger, Session } from 'node:inspector';
import { fileURLToPath } from 'node:url';

/** How long JavaScript that runs takes to be paused, in milliseconds; an event loop that waits has nothing to pause. */
const PAUSE_MS = 250;
/** How long a main thread that runs no JavaScript takes to say what it waits for: C++ code that holds it says nothing. */
const ANSWER_MS = 250;
const RESOURCES = '[...new Set(process.getActiveResourcesInfo())].join(", ")';

/**
 * Where the main thread stands, in the form of a Python traceback: outermost frame first, without Node's and this worker's own.
 * @param own the URL under which this worker's own modules lie
 */
export async function mainStacks(own: string): Promise<string> {
  const session = new Session();
  session.connectToMainThread();
  try {
    const frames = await within(PAUSE_MS, pause(session));
    if (frames !== undefined) return running(frames, own);
    session.post('Debugger.disable');
    const resources = await within(ANSWER_MS, evaluate(session, RESOURCES));
    return resources === undefined ? 'the event loop is held by code that is not JavaScript' : waiting(resources);
  } finally {
    // A thread that is paused goes on.
    session.disconnect();
  }
}

function waiting(resources: string): string {
  return `an await that does not end; the event loop waits for ${resources}`;
}

function running(frames: readonly Debugger.CallFrame[], own: string): string {
  const lines = frames
    .filter(({ url }) => url !== '' && !url.startsWith('node:') && !url.startsWith(own))
    .map(({ url, functionName, location }) => {
      const file = url.startsWith('file:') ? fileURLToPath(url) : url;
      return `  File "${file}", line ${location.lineNumber + 1}, in ${functionName === '' ? '<anonymous>' : functionName}`;
    });
  const none = '  (nothing of the application runs here)';
  return ['Thread main (most recent call last):', ...(lines.length === 0 ? [none] : lines.reverse())].join('\n');
}

function evaluate(session: Session, expression: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  session.post('Runtime.evaluate', { expression, returnByValue: true }, (_, answer) =>
    resolve(String(answer?.result.value ?? 'nothing that it tells')),
  );
  return promise;
}

function pause(session: Session): Promise<readonly Debugger.CallFrame[]> {
  const { promise, resolve } = Promise.withResolvers<readonly Debugger.CallFrame[]>();
  session.once('Debugger.paused', ({ params }) => resolve(params.callFrames));
  session.post('Debugger.enable');
  session.post('Debugger.pause');
  return promise;
}

async function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  const { promise: expired, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), ms);
  const value = await Promise.race([promise, expired]);
  clearTimeout(timer);
  return value;
}
