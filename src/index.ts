/**
 * Stillhouse as a library: the interface of PEP 3333 in TypeScript, and a server for it in the calling process.
 * @module
 */
export { makeServer, type WsgiServer } from './http/make-server.ts';
export { fromNative, toNative } from './wsgi/environ.ts';
export { fileWrapper } from './wsgi/file-wrapper.ts';
export { Headers } from './wsgi/headers.ts';
export { Input } from './wsgi/input.ts';
export type {
  Application,
  Body,
  Chunk,
  Environ,
  ErrorStream,
  FileLike,
  Header,
  Middleware,
  StartResponse,
  Write,
} from './wsgi/types.ts';
export { validator } from './wsgi/validator.ts';
