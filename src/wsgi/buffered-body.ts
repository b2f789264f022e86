/** Where a request body was put before the application was called: whole in memory, or in a file. */
export type BufferedBody =
  | { readonly kind: 'memory'; readonly bytes: Uint8Array }
  | {
      readonly kind: 'file';
      readonly path: string;
      readonly size: number;
      /** Keeps the path good, past the end of the response too, until what it gives is called. */
      readonly hold: () => () => Promise<void>;
    };

/** The environ key under which a buffered body stands, for whoever hands it on. */
export const BUFFERED_BODY = 'stillhouse.buffered_body';
