import { performance } from 'node:perf_hooks';
import type { StartFailure } from '../errors.ts';
import type { WorkerLink } from '../pool/worker-link.ts';
import { WorkerRequest } from '../pool/worker-request.ts';
import { makeEnviron, toNative } from '../wsgi/environ.ts';
import { Input } from '../wsgi/input.ts';
import { PUSH } from '../wsgi/pushed-body.ts';
import type { GenerationPlan } from './protocol.ts';

const NOBODY = { write: () => undefined, writelines: () => undefined, flush: () => undefined };
const FLAGS = { multithread: false, multiprocess: true, errors: NOBODY };

/**
 * Asks a worker for one page before it is given any other: what an application makes with its first request is made by then.
 * @returns what is wrong; undefined where it answered with a status below 500
 */
export function warmUp(link: WorkerLink, plan: GenerationPlan): Promise<StartFailure | undefined> {
  const { promise, resolve } = Promise.withResolvers<StartFailure | undefined>();
  const fail = (how: string) =>
    resolve({
      code: 'APP_WARM_UP_FAILED',
      message: `${plan.app} answered its warm-up request GET ${plan.warmUp} with ${how}`,
      cure: 'see its records in the log; mend the application, or name another path as warm_up',
    });
  let status = '';
  const request = new WorkerRequest(environOf(plan.warmUp), (given) => {
    status = given;
    return async () => undefined;
  }, plan.start.window, performance.now()); // biome-ignore format: one call
  request[PUSH]({
    receive: (_, last) => {
      if (!last) return;
      if (Number(status.slice(0, 3)) >= 500) fail(status);
      else resolve(undefined);
    },
    fail: () => fail(status === '' ? 'an error' : `${status}, and a body that broke off`),
  });
  link.send(request, performance.now());
  return promise;
}

function environOf(target: string) {
  const [path = '', query = ''] = toNative(target).split(/\?(.*)/s);
  const peer = {
    serverName: 'localhost',
    serverPort: '80',
    scheme: 'http',
    remoteAddress: '127.0.0.1',
    remotePort: '0',
    gone: () => false,
  } as const;
  const head = {
    method: 'GET',
    target: toNative(target),
    path,
    query,
    version: 'HTTP/1.1',
    fields: [],
    variables: ['HTTP_HOST', 'localhost', 'HTTP_USER_AGENT', 'stillhouse-warm-up', 'HTTP_X_REQUEST_ID', 'warm-up'],
    authority: undefined,
  } as const;
  return makeEnviron(head, peer, FLAGS, Input.of(new Uint8Array(0)));
}
