// Finds SwiftShader, a Vulkan driver that computes on the CPU. With it, the WebGPU provider runs on a machine without a
// GPU. Debian's chromium-common and libvulkan1 contain the files that it needs (docs/gpu.md).
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const FOLDERS = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib'];

/** The variables that make Vulkan use SwiftShader. Null if it is not installed. */
export function swiftShader(): Record<string, string> | null {
  const driver = process.env['VK_DRIVER_FILES'] ?? '/usr/lib/chromium/vk_swiftshader_icd.json';
  const folders = [...(process.env['LD_LIBRARY_PATH'] ?? '').split(':'), ...FOLDERS];
  const loader = folders.some((folder) => folder !== '' && existsSync(join(folder, 'libvulkan.so.1')));
  return loader && driver.includes('swiftshader') && existsSync(driver) ? { VK_DRIVER_FILES: driver } : null;
}

export const WITHOUT_SWIFTSHADER = 'skipped without SwiftShader: install chromium-common and libvulkan1';
