// Which kills the kernel reports, read from recorded files. test/integration/lanes/limited-cgroup.test.ts runs on a real
// kernel.
import { expect, it } from 'vitest';
import { kernelOomKills } from '#forebay/workers/lane-pool/kernel-oom-kills.js';
import { recordedCgroups } from '../../../support/recorded-cgroups.ts';

const EVENTS = 'low 0\nhigh 0\nmax 41\noom 2\noom_kill 2\noom_group_kill 0\n';
const CONTROL = 'oom_kill_disable 0\nunder_oom 0\noom_kill 3\n';

it.for([
  ['a container of cgroup v2', '0::/\n', { 'memory.events': EVENTS }, 2],
  [
    'a systemd service, without the kills of its slice',
    '0::/system.slice/forebay.service\n',
    {
      'system.slice/forebay.service/memory.events': EVENTS,
      'system.slice/memory.events': EVENTS.replaceAll('2', '7'),
    },
    2,
  ],
  [
    'a group without the controller, by the group above it',
    '0::/user.slice/shell\n',
    { 'user.slice/memory.events': EVENTS },
    2,
  ],
  [
    'a group of cgroup v1, whose kills the top group does not count',
    '4:memory:/batch\n0::/\n',
    { 'memory/batch/memory.oom_control': CONTROL, 'memory/memory.oom_control': CONTROL.replace('3', '0') },
    3,
  ],
  [
    'a container of cgroup v1, whose path is the path on the host',
    '4:memory:/docker/3f1\n0::/\n',
    { 'memory/memory.oom_control': CONTROL },
    3,
  ],
  ['a system that does not report it', '', {}, 0],
] as const)('kills are counted for %s', ([, self, files, kills]) => {
  expect(kernelOomKills(recordedCgroups(self, files))).toBe(kills);
});
