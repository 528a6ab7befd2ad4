import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { hasGpu } from '#forebay/shared/machine/has-gpu.js';

it.skipIf(process.platform !== 'linux')(
  'a Vulkan driver that a variable names counts as a GPU (needs Linux)',
  () => {
    expect(hasGpu({ VK_DRIVER_FILES: '/swiftshader.json' })).toBe(true);
    expect(hasGpu({})).toBe(['nvidiactl', 'dxg', 'kfd', 'dri'].some((name) => existsSync(`/dev/${name}`)));
  },
);
