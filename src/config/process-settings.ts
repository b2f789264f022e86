/** The settings of what the server's processes run as, for the table of all (settings.ts). */
import type { Setting } from './setting.ts';

export const PROCESS_SETTINGS = {
  fronts: {
    key: 'fronts',
    flag: 'fronts',
    kind: 'processes',
    default: '1',
    least: 1,
    most: 64,
    scope: 'server',
    help: 'front processes, which hold the connections; auto: one for every four processors that the container may use',
  },
  user: {
    key: 'user',
    flag: 'user',
    short: 'u',
    kind: 'text',
    default: '',
    scope: 'both',
    help: 'the user, by name or number, whom the fronts and the workers run as; in app.yaml the workers of that app; the server’s own where it is not set',
  },
  group: {
    key: 'group',
    flag: 'group',
    short: 'g',
    kind: 'text',
    default: '',
    scope: 'both',
    help: 'the group that goes with the user, by name or number; the user’s own where it is not set',
  },
  umask: {
    key: 'umask',
    flag: 'umask',
    short: 'm',
    kind: 'mask',
    default: '',
    scope: 'both',
    help: 'the mode bits that files of an app do not get, in octal, such as 027; the server’s own where it is not set',
  },
} as const satisfies Record<string, Setting>;
