/** Lets go of what was held. */
export type Release = () => void | Promise<void>;

/** Where a request body is when the application is called: whole in memory, in a file, or still on its way. */
export type BufferedBody =
  | { readonly kind: 'stream' }
  | {
      readonly kind: 'memory';
      readonly bytes: Uint8Array;
      /** Keeps the bytes as they are, past the end of the response too, until what it gives is called. */
      readonly hold: () => Release;
    }
  | {
      /** Among others in a file in memory, which those that it is handed to may have open. */
      readonly kind: 'shared';
      /** Which of these files it is. */
      readonly file: object;
      /** Where it begins there, in bytes. */
      readonly offset: number;
      readonly size: number;
      /** A copy of it, for one that has not. */
      readonly read: () => Uint8Array;
      /** Keeps the bytes as they are, past the end of the response too, until what it gives is called. */
      readonly hold: () => Release;
    }
  | {
      readonly kind: 'file';
      readonly path: string;
      readonly size: number;
      /** Keeps the path good, past the end of the response too, until what it gives is called. */
      readonly hold: () => Release;
    };

/** The body is still to come, from `wsgi.input`. */
export const STREAM: BufferedBody = { kind: 'stream' };

/** The environ key under which that stands, for whoever hands the body on. */
export const BUFFERED_BODY = 'stillhouse.buffered_body';
