/** READY and FAILED as a worker sent them, checked: a worker's word is not trusted. */
import { START_ERRORS, type StartErrorCode, type StartFailure } from '../errors.ts';
import { ProtocolError } from '../pool/frames.ts';
import { PROTOCOL_VERSION, type Ready } from '../pool/start.ts';

/** Characters that are kept of a word, and of a text. */
const WORD = 1024;
const TEXT = 65_536;

/** @throws ProtocolError where it is not JSON of the shape that the protocol gives */
export function readReady(body: Buffer): Ready {
  const { version, language, runtime, callable } = readObject(body);
  // Its own words are in no message: who reads those would take them for ours.
  if (version !== PROTOCOL_VERSION) throw new ProtocolError('READY of another version of the protocol');
  if ((language !== 'python' && language !== 'node') || typeof runtime !== 'string' || typeof callable !== 'string') {
    throw new ProtocolError('READY without language, runtime or callable');
  }
  return { language, runtime: runtime.slice(0, WORD), callable: callable.slice(0, WORD) };
}

/** @throws ProtocolError where it is not JSON of the shape that the protocol gives */
export function readFailure(body: Buffer): StartFailure {
  const { code, message, cure, traceback } = readObject(body);
  if (
    typeof code !== 'string' ||
    !Object.hasOwn(START_ERRORS, code) ||
    typeof message !== 'string' ||
    typeof cure !== 'string'
  ) {
    throw new ProtocolError('FAILED without code, message or cure');
  }
  return {
    code: code as StartErrorCode,
    message: message.slice(0, TEXT),
    cure: cure.slice(0, WORD),
    ...(typeof traceback === 'string' && traceback !== '' ? { traceback: traceback.slice(0, TEXT) } : {}),
  };
}

function readObject(body: Buffer): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    throw new ProtocolError('a control frame that is not JSON');
  }
  if (typeof value !== 'object' || value === null) throw new ProtocolError('a control frame that is not a JSON object');
  return value as Record<string, unknown>;
}
