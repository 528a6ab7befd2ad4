// How many CPUs' worth of time a process gets, from recorded files of kernels.
import { expect, it } from 'vitest';
import { cpuQuota } from '#forebay/shared/machine/cpu-quota.js';
import { recordedCgroups } from '../../../support/recorded-cgroups.ts';

it.for([
  ['a container of cgroup v2', '0::/\n', { 'cpu.max': '150000 100000\n' }, 1.5],
  [
    'a systemd service whose slice has the limit',
    '0::/system.slice/forebay.service\n',
    {
      'system.slice/forebay.service/cpu.max': 'max 100000\n',
      'system.slice/cpu.max': '300000 100000\n',
    },
    3,
  ],
  [
    'two nested groups, of which the smaller limit counts',
    '0::/pod/container\n',
    { 'pod/container/cpu.max': '100000 50000\n', 'pod/cpu.max': '400000 100000\n' },
    2,
  ],
  [
    'a container of cgroup v1, whose path is the path on the host',
    '5:cpu,cpuacct:/docker/3f1\n0::/\n',
    { 'cpu/cpu.cfs_quota_us': '250000\n', 'cpu/cpu.cfs_period_us': '100000\n' },
    2.5,
  ],
  [
    'a group of cgroup v1',
    '5:cpu,cpuacct:/batch\n0::/\n',
    {
      'cpu/batch/cpu.cfs_quota_us': '50000\n',
      'cpu/batch/cpu.cfs_period_us': '100000\n',
      'cpu/cpu.cfs_quota_us': '-1\n',
      'cpu/cpu.cfs_period_us': '100000\n',
    },
    0.5,
  ],
  ['a system without a limit', '0::/\n', { 'cpu.max': 'max 100000\n' }, Infinity],
  ['a system that does not report it', '', {}, Infinity],
] as const)('the quota is read for %s', ([, self, files, cpus]) => {
  expect(cpuQuota(recordedCgroups(self, files))).toBe(cpus);
});
