/** How one setting is described. */
export type Kind =
  | 'text'
  | 'token'
  | 'path'
  | 'program'
  | 'count'
  | 'processes'
  | 'mask'
  | 'seconds'
  | 'bytes'
  | 'switch'
  | 'choice'
  | 'addresses'
  | 'mount'
  | 'target'
  | 'hostname'
  | 'variables';

export interface Setting {
  /** Its place in the configuration file: `admin.bind` is `bind` under `admin`. */
  readonly key: string;
  readonly flag?: string;
  readonly short?: string;
  readonly kind: Kind;
  /** As it would be written on the command line; empty: none. */
  readonly default: string;
  /** The default where STILLHOUSE_CONTAINER is set, as it is in the image. */
  readonly inContainer?: string;
  /** The least number, or number of addresses. */
  readonly least?: number;
  /** Without it: what a timer takes, or what a number holds exactly. */
  readonly most?: number;
  readonly choices?: readonly string[];
  /** `both`: in stillhouse.yaml for every app, in app.yaml for one. */
  readonly scope: 'server' | 'app' | 'both';
  /** Never printed; its variable may name a file instead (`_FILE`). */
  readonly secret?: true;
  readonly help: string;
}

/** Where to listen. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** What a setting of a kind holds. Seconds and bytes are plain numbers. */
export interface Values {
  text: string;
  token: string;
  path: string;
  program: string;
  mount: string;
  target: string;
  hostname: string;
  count: number;
  processes: number | 'auto';
  mask: number | '';
  seconds: number;
  bytes: number;
  switch: boolean;
  choice: string;
  addresses: readonly Address[];
  variables: Readonly<Record<string, string>>;
}

/** The variable of a setting: `admin.bind` is STILLHOUSE_ADMIN_BIND; none where only a file can give it. */
export function variableOf({ key, kind, scope }: Setting): string | undefined {
  return scope === 'app' || kind === 'variables' ? undefined : `STILLHOUSE_${key.toUpperCase().replaceAll('.', '_')}`;
}
