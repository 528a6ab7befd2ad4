/** Why an execution provider does not load on this machine, by onnxruntime's message. Pure. */

interface Reason {
  readonly pattern: RegExp;
  readonly why: (found: readonly string[]) => string;
}

const REASONS: readonly Reason[] = [
  {
    pattern: /libcuda\.so\.1: cannot open shared object/,
    why: () => 'the NVIDIA driver is not installed, or not visible here (libcuda.so.1)',
  },
  {
    pattern:
      /Failed to load library \S*?([^/\s]+\.so[.\d]*) with error: (?:[^:]*\/)?([^/:\s]+): cannot open shared object/,
    why: ([provider, missing]) =>
      provider === missing
        ? `its library ${missing} is not installed beside onnxruntime`
        : `${provider} needs the library ${missing}, which is not found (set LD_LIBRARY_PATH)`,
  },
  {
    pattern: /Failed to load shared library/,
    why: () => 'its library, or one that it needs, is not installed (the log has its name)',
  },
  {
    pattern: /no CUDA-capable device|CUDA failure 100\b/i,
    why: () => 'there is no NVIDIA GPU, or its driver is not visible here',
  },
  {
    pattern: /CUDA driver version is insufficient|CUDA failure 35\b/i,
    why: () => 'the NVIDIA driver is missing, or older than the CUDA libraries',
  },
  {
    pattern: /invalid device ordinal|CUDA failure 101\b/i,
    why: () => 'there is no GPU with this device_id',
  },
  {
    pattern: /Failed to get a WebGPU adapter/,
    why: () => 'there is no GPU with a Vulkan driver (libvulkan1, and the driver of the GPU)',
  },
];

/** A phrase, or null if the reason is unknown. */
export function whyNotLoaded(message: string): string | null {
  for (const { pattern, why } of REASONS) {
    const found = pattern.exec(message);
    if (found !== null) return why(found.slice(1));
  }
  return null;
}
