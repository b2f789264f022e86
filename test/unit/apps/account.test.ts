import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accountEnvironment, asAccount, findAccount } from '../../../src/apps/account.ts';
import { StartError } from '../../../src/errors.ts';

const TABLES = {
  passwd: [
    '# a comment',
    'root:x:0:0:root:/root:/bin/bash',
    'deploy:x:4001:4002:Deploy,,,:/home/deploy:/bin/sh',
    'twin:x:4001:4009::/home/twin:/bin/sh',
    '',
  ].join('\n'),
  group: 'www:x:4100:deploy\nroot:x:0:\n',
};
const DEPLOY = { uid: 4001, gid: 4002, name: 'deploy', home: '/home/deploy' };

for (const [user, group, found] of [
  ['', '', undefined],
  ['deploy', '', DEPLOY],
  ['deploy', 'www', { ...DEPLOY, gid: 4100 }],
  ['deploy', '77', { ...DEPLOY, gid: 77 }],
  ['4001', '', DEPLOY],
  ['4001', 'www', { ...DEPLOY, gid: 4100 }],
  ['5000', '5001', { uid: 5000, gid: 5001, name: '', home: '/' }],
] as const) {
  test(`user ${JSON.stringify(user)}, group ${JSON.stringify(group)}`, () => {
    assert.deepEqual(findAccount(user, group, TABLES), found);
  });
}

for (const [user, group, words] of [
  ['stranger-of-this-machine', '', /there is no user "stranger-of-this-machine"/],
  ['deploy', 'strangers-of-this-machine', /there is no group "strangers-of-this-machine"/],
  ['5000', '', /its group is not known/],
  ['4294967295', '4294967295', /there is no user/],
  ['deploy', '4294967295', /there is no group/],
  ['--reuid=0', '', /there is no user/],
] as const) {
  test(`user ${user}, group ${group} is refused`, () => {
    assert.throws(
      () => findAccount(user, group, TABLES),
      (error) => error instanceof StartError && error.code === 'USER_UNKNOWN' && words.test(error.message),
    );
  });
}

test('a user becomes whole: both ids, its groups, and no right of whoever became it', () => {
  assert.deepEqual(asAccount(DEPLOY), ['setpriv', '--reuid=4001', '--regid=4002', '--init-groups', '--inh-caps=-all']);
  const nameless = asAccount({ uid: 5, gid: 6, name: '', home: '/' }, ['kill']).join(' ');
  assert.match(nameless, /--clear-groups --inh-caps=-all,\+kill --ambient-caps=-all,\+kill$/);
});

test('its environment is that of a login', () => {
  assert.deepEqual(accountEnvironment(DEPLOY), { HOME: '/home/deploy', USER: 'deploy', LOGNAME: 'deploy' });
  assert.deepEqual(accountEnvironment(undefined), {});
});
