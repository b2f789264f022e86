/** What the main thread does, asked from another thread while it may be busy: by Node's inspector, which is connected only while it is asked. */
import { type Debugger, Session } from 'node:inspector';
import { fileURLToPath } from 'node:url';

/** How long JavaScript that runs takes to be paused, in milliseconds; an event loop that waits has nothing to pause. */
const PAUSE_MS = 250;
/** How long a main thread that runs no JavaScript takes to say what it waits for: C++ code that holds it says nothing. */
const ANSWER_MS = 250;
const RESOURCES = '[...new Set(process.getActiveResourcesInfo())].join(", ")';
const TITLE = 'Thread main (most recent call last):';

/**
 * Where the main thread stands, in the form of a Python traceback: outermost frame first, without Node's and this worker's own.
 * @param own the URL under which this worker's own modules lie
 */
export async function mainStacks(own: string): Promise<string> {
  const session = new Session();
  session.connectToMainThread();
  try {
    const frames = (await within(PAUSE_MS, pause(session))) ?? [];
    const lines = frames
      .filter(({ url }) => url !== '' && !url.startsWith('node:') && !url.startsWith(own))
      .map(describeFrame);
    return [TITLE, ...(lines.length > 0 ? lines.reverse() : [await describeWait(session)])].join('\n');
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
  const resources = await within(ANSWER_MS, evaluate(session, RESOURCES));
  return resources === undefined
    ? '  (the event loop is held by code that is not JavaScript)'
    : `  (nothing of the application runs here: the event loop waits for ${resources})`;
}

function evaluate(session: Session, expression: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  session.post('Runtime.evaluate', { expression, returnByValue: true }, (_, answer) =>
    resolve(String(answer?.result.value ?? 'nothing that it tells')),
  );
  return promise;
}

/** Pauses what runs; its frames, innermost first. */
function pause(session: Session): Promise<Debugger.CallFrame[]> {
  const { promise, resolve } = Promise.withResolvers<Debugger.CallFrame[]>();
  // A frame's own `url` is empty.
  const urls = new Map<string, string>();
  session.on('Debugger.scriptParsed', ({ params: { scriptId, url } }) => void urls.set(scriptId, url));
  session.once('Debugger.paused', ({ params: { callFrames } }) =>
    resolve(callFrames.map((frame) => ({ ...frame, url: urls.get(frame.location.scriptId) ?? '' }))),
  );
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
