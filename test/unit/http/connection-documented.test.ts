/** The tests of a connection once more, on sockets by what Node documents: where a Node has not the handles, those are what is left. */
import { byStream, useSockets } from './one-connection.ts';

useSockets(byStream);
await import('./connection.test.ts');
await import('./connection-time.test.ts');
