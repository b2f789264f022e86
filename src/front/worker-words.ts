/** READY and FAILED as a worker sent them, checked: a worker's word is not trusted. */
import { START_ERRORS, type StartErrorCode, type StartFailure } from '../errors.ts';
import { ProtocolError } from '../pool/frames.ts';
import { PROTOCOL_VERSION, type Ready } from '../pool/start.ts';

/** @throws ProtocolError where it is not JSON of the shape that the protocol gives */
export function readReady(body: Buffer): Ready {
  const { version, language, runtime, callable } = readObject(body);
  if (version !== PROTOCOL_VERSION) throw new ProtocolError(`READY of version ${String(version)}`);
  if ((language !== 'python' && language !== 'node') || typeof runtime !== 'string' || typeof callable !== 'string') {
    throw new ProtocolError('READY without language, runtime or callable');
  }
  return { language, runtime, callable };
}

/** @throws ProtocolError where it is not JSON of the shape that the protocol gives */
export function readFailure(body: Buffer): StartFailure {
  const { code, message, cure, traceback } = readObject(body);
  if (typeof code !== 'string' || !(code in START_ERRORS) || typeof message !== 'string' || typeof cure !== 'string') {
    throw new ProtocolError('FAILED without code, message or cure');
  }
  return {
    code: code as StartErrorCode,
    message,
    cure,
    ...(typeof traceback === 'string' && traceback !== '' ? { traceback } : {}),
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
