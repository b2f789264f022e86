import { get } from 'node:http';
import type { Address } from '../config/settings.ts';
import { StartError } from '../errors.ts';

const PATIENCE_MS = 4000;
/** What `/readyz` answers a server that finishes its requests (src/admin/admin.ts). */
const STOPPING = 'not ready:\nthe server is stopping\n';

/**
 * Succeeds once the server has been ready, and from then on as long as it lives: `/readyz` does not turn back for an app that fails later, only when the
 * server stops, and a server that finishes its requests is not to be killed for it.
 * @returns the exit status
 */
export async function askHealth(addresses: readonly Address[]): Promise<number> {
  const [address] = addresses;
  if (address === undefined) {
    throw new StartError({
      code: 'OPTION_INVALID',
      message: 'there is no admin listener to ask',
      cure: 'set admin.bind',
    });
  }
  const ready = await ask(address, '/readyz');
  const wasReady = ready.code === 200 || ready.text === STOPPING;
  const { code, text } = wasReady ? await ask(address, '/livez') : ready;
  process.stdout.write(text);
  return code === 200 ? 0 : 1;
}

/** A server that listens on every address is asked on loopback. */
function ask({ host, port }: Address, path: string): Promise<{ code: number; text: string }> {
  const { promise, resolve } = Promise.withResolvers<{ code: number; text: string }>();
  const loopback = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  const request = get({ host: loopback, port, path, timeout: PATIENCE_MS, agent: false }, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    response.on('end', () => resolve({ code: response.statusCode ?? 0, text }));
  });
  request.on('timeout', () => request.destroy(new Error('no answer in time')));
  request.on('error', (error) => resolve({ code: 0, text: `http://${loopback}:${port}${path}: ${error.message}\n` }));
  return promise;
}
