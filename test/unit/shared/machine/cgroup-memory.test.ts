// Which memory limit binds a worker, and what counts against it, read from recorded files of the kernel.
import { describe, expect, it } from 'vitest';
import { findCgroupMemory } from '#forebay/shared/machine/cgroup-memory.js';
import { createMemoryUse } from '#forebay/workers/memory/memory-use.js';
import { recordedCgroups } from '../../../support/recorded-cgroups.ts';

const MB = 2 ** 20;
const GB = 2 ** 30;
/** From a Docker container with --memory 2g that has read 900 MB of photos twice. */
const STAT_V2 = `anon 612368384
file 985661440
kernel 34603008
kernel_stack 1196032
pagetables 7340032
sock 8192
shmem 4194304
file_mapped 88080384
file_dirty 1048576
inactive_anon 608174080
active_anon 4194304
inactive_file 314572800
active_file 666894336
unevictable 0
slab_reclaimable 18874368
slab_unreclaimable 6291456
slab 25165824
pgfault 417033
`;
const USED_V2 = 1_644_167_168;
const STAT_V1 = `cache 985661440
rss 612368384
inactive_file 1048576
active_file 2097152
hierarchical_memory_limit 2147483648
total_cache 985661440
total_rss 612368384
total_inactive_anon 608174080
total_inactive_file 314572800
total_active_file 666894336
`;
const NO_LIMIT_V1 = '9223372036854771712\n';

describe('the cgroup whose memory limit binds', () => {
  it.for([
    [
      'a container of cgroup v2',
      '0::/\n',
      { 'memory.max': `${2 * GB}\n`, 'memory.current': `${USED_V2}\n`, 'memory.stat': STAT_V2 },
      2 * GB,
      USED_V2 - 314_572_800 - 666_894_336 - 18_874_368,
    ],
    [
      'a container of cgroup v1, whose path is the path on the host',
      '5:cpu,cpuacct:/docker/3f1\n4:memory:/docker/3f1\n0::/\n',
      {
        'memory/memory.limit_in_bytes': `${2 * GB}\n`,
        'memory/memory.usage_in_bytes': `${USED_V2}\n`,
        'memory/memory.stat': STAT_V1,
      },
      2 * GB,
      USED_V2 - 314_572_800 - 666_894_336,
    ],
    [
      'the slice of a systemd service without its own limit',
      '0::/system.slice/forebay.service\n',
      {
        'system.slice/forebay.service/memory.max': 'max\n',
        'system.slice/forebay.service/memory.current': '1000\n',
        'system.slice/forebay.service/memory.stat': 'inactive_file 0\n',
        'system.slice/memory.max': `${3 * GB}\n`,
        'system.slice/memory.current': `${GB}\n`,
        'system.slice/memory.stat': 'anon 5\ninactive_file 24\n',
        'cpu.max': 'max 100000\n',
      },
      3 * GB,
      GB - 24,
    ],
    [
      'the smaller of two',
      '0::/pod/container\n',
      {
        'pod/container/memory.max': `${GB}\n`,
        'pod/container/memory.current': '7000\n',
        'pod/container/memory.stat': '',
        'pod/memory.max': `${2 * GB}\n`,
        'pod/memory.current': '9000\n',
        'pod/memory.stat': '',
      },
      GB,
      7000,
    ],
    [
      'the outer of two equal ones, which counts more',
      '0::/pod/container\n',
      {
        'pod/container/memory.max': `${GB}\n`,
        'pod/container/memory.current': '7000\n',
        'pod/container/memory.stat': '',
        'pod/memory.max': `${GB}\n`,
        'pod/memory.current': '9000\n',
        'pod/memory.stat': '',
      },
      GB,
      9000,
    ],
  ] as const)('is %s', ([, self, files, limitBytes, used]) => {
    const cgroup = findCgroupMemory(recordedCgroups(self, files), 64 * GB);
    expect([cgroup?.limitBytes, cgroup?.usedBytes()]).toEqual([limitBytes, used]);
  });

  it.for([
    ['no limit is set (v2)', '0::/\n', { 'memory.max': 'max\n', 'memory.current': '1\n' }],
    [
      'no limit is set (v1 beside an empty v2)',
      '9:name=systemd:/\n4:memory:/api/203571b7\n0::/\n',
      { 'memory/api/203571b7/memory.limit_in_bytes': NO_LIMIT_V1 },
    ],
    ["the limit is above the machine's memory", '0::/\n', { 'memory.max': `${128 * GB}\n` }],
    ['the path leads out of the mount', '0::/../../other\n', {}],
    ['the kernel reports nothing', '', {}],
  ] as const)('is none if %s', ([, self, files]) => {
    expect(findCgroupMemory(recordedCgroups(self, files), 64 * GB)).toBeNull();
  });

  it('reports no use if the kernel reports none', () => {
    const cgroup = findCgroupMemory(recordedCgroups('0::/\n', { 'memory.max': `${GB}\n` }), 64 * GB);
    expect(cgroup?.usedBytes()).toBeNull();
  });
});

describe('the memory use of a worker', () => {
  const resident = () => 300 * MB;
  const cgroup = (used: number | null) => ({ limitBytes: 2 * GB, usedBytes: () => used });

  it('is its own memory if there is no cgroup limit, or if the cgroup reports no use', () => {
    const own = { bytes: 300 * MB, limitBytes: GB };
    expect(createMemoryUse({ limitBytes: GB, cgroup: null, resident })([1])).toEqual(own);
    expect(createMemoryUse({ limitBytes: GB, cgroup: cgroup(null), resident })([1])).toEqual(own);
    const unknown = createMemoryUse({ limitBytes: GB, cgroup: null, resident: () => null });
    expect(unknown([1])).toBeNull();
  });

  it("is the container's or the worker's own, whichever is nearer to its limit", () => {
    const use = (used: number, limitBytes: number) =>
      createMemoryUse({ limitBytes, cgroup: cgroup(used), resident })([1]);
    expect(use(1.9 * GB, 2 * GB)).toEqual({ bytes: 1.9 * GB, limitBytes: 2 * GB });
    expect(use(1.9 * GB, 305 * MB)).toEqual({ bytes: 300 * MB, limitBytes: 305 * MB });
  });
});
