/** What stands in the environ (PEP 3333, "environ Variables"). */
import type { Environ } from 'stillhouse';
import { type Apps, plain, record } from './common.ts';

const CGI = [
  ...['REQUEST_METHOD', 'SCRIPT_NAME', 'PATH_INFO', 'QUERY_STRING', 'CONTENT_TYPE', 'CONTENT_LENGTH', 'SERVER_NAME'],
  ...['SERVER_PORT', 'SERVER_PROTOCOL', 'REMOTE_ADDR', 'REMOTE_HOST', 'REMOTE_USER'],
];
const INPUT = ['read', 'readline', 'readlines'] as const;
const ERRORS = ['flush', 'write', 'writelines'] as const;

/** All of JSON's characters in ASCII. */
function ascii(value: unknown): string {
  return JSON.stringify(value).replace(/[^\0-\x7f]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** What can be said of the values that JSON has not. */
function about(environ: Environ): object {
  const cgi = Object.entries(environ).filter(([key]) => CGI.includes(key) || key.startsWith('HTTP_'));
  const [input, errors, version] = [environ['wsgi.input'], environ['wsgi.errors'], environ['wsgi.version']];
  return {
    'is dict': [Object.prototype, null].includes(Object.getPrototypeOf(environ)),
    'keys are native': true,
    'not native': cgi.flatMap(([key, value]) => (typeof value === 'string' ? [] : [key])),
    'not latin-1': cgi.flatMap(([key, value]) => (/^[\0-\xff]*$/.test(String(value)) ? [] : [key])),
    positional: environ['conformance.positional'],
    version,
    'version is tuple': Array.isArray(version),
    'scheme is native': typeof environ['wsgi.url_scheme'] === 'string',
    flags: ['multithread', 'multiprocess', 'run_once'].filter((key) => `wsgi.${key}` in environ),
    'run once': environ['wsgi.run_once'],
    input: [
      ...INPUT.filter((name) => typeof input[name] === 'function'),
      ...(Symbol.asyncIterator in input ? ['__iter__'] : []),
    ],
    errors: ERRORS.filter((name) => typeof errors[name] === 'function'),
    'badly named': Object.keys(environ).filter((key) => key.includes('.') && key !== key.toLowerCase()),
  };
}

export const ENVIRONS: Apps = {
  environ: (environ, startResponse) => {
    const values = Object.entries(environ).filter(([, value]) =>
      ['string', 'boolean', 'number'].includes(typeof value),
    );
    plain(startResponse);
    return [ascii({ ...Object.fromEntries(values), ...about(environ) })];
  },
  /** An application may change its environ; the next request has one of its own. */
  'environ-changed': (environ, startResponse) => {
    const mark = (environ['x.mark'] as string | undefined) ?? 'none';
    environ['x.mark'] = 'left by another request';
    environ.PATH_INFO = '/elsewhere';
    delete (environ as Partial<Environ>)['wsgi.input'];
    delete (environ as Partial<Environ>).SERVER_NAME;
    plain(startResponse);
    return [mark];
  },
  /** The PEP's own way to the URL of a request ("URL Reconstruction"). */
  reconstructed: (environ, startResponse) => {
    const quote = (path: string) =>
      path.replace(/[^A-Za-z0-9_.~/-]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
    const scheme = environ['wsgi.url_scheme'];
    const isUsual = environ.SERVER_PORT === { https: '443', http: '80' }[scheme];
    const server = isUsual ? environ.SERVER_NAME : `${environ.SERVER_NAME}:${environ.SERVER_PORT}`;
    const path = quote(environ.SCRIPT_NAME) + quote(environ.PATH_INFO);
    const query = environ.QUERY_STRING === '' ? '' : `?${environ.QUERY_STRING}`;
    plain(startResponse);
    return [`${scheme}://${environ.HTTP_HOST ?? server}${path}${query}`];
  },
  called: (environ, startResponse) => {
    record(environ, 'called');
    plain(startResponse);
    return ['called'];
  },
};
