/** Whether this machine seems to have a GPU, or a driver that emulates one. */
import { existsSync } from 'node:fs';

/** NVIDIA on Linux, GPUs in WSL, AMD, and any GPU that renders. */
const DEVICES = ['/dev/nvidiactl', '/dev/dxg', '/dev/kfd', '/dev/dri'];
/** Variables that name a Vulkan driver. */
const DRIVERS = ['VK_DRIVER_FILES', 'VK_ICD_FILENAMES'];

export function hasGpu(env: NodeJS.ProcessEnv = process.env): boolean {
  // Other systems have no such files. There, a config that names a GPU is trusted.
  if (process.platform !== 'linux') return true;
  return DRIVERS.some((name) => env[name] !== undefined) || DEVICES.some((path) => existsSync(path));
}
