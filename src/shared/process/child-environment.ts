/**
 * The environment of compute-only child processes: lanes, tuning, `model init`, and the check of execution providers in
 * `doctor`. They get only the variables of these lists, and the flags of NODE_OPTIONS that node-flags.ts lets through.
 * So no secret, proxy or Node preload of the parent reaches them. Only tuning gets what finds its credentials for
 * object stores.
 */
import { nodeFlagsForChildren } from './node-flags.ts';

const NAMES = new Set([
  // The system
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'TMPDIR',
  'TMP',
  'TEMP',
  'TZ',
  'LANG',
  'LANGUAGE',
  // How libraries are found
  'LD_LIBRARY_PATH',
  'LD_PRELOAD',
  'DYLD_LIBRARY_PATH',
  'DYLD_FALLBACK_LIBRARY_PATH',
  'FONTCONFIG_FILE',
  'FONTCONFIG_PATH',
  // Certificates that fetching trusts
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  // Node itself
  'NODE_COMPILE_CACHE',
  'NODE_ICU_DATA',
  'UV_THREADPOOL_SIZE',
  'UV_USE_IO_URING',
]);

/** Families of settings: locale, accelerators, thread pools, allocators, image codecs. */
const PREFIXES = [
  'LC_',
  'CUDA_',
  'CUDNN_',
  'CUBLAS_',
  'NVIDIA_',
  // Vulkan, on which WebGPU computes
  'VK_',
  'TF32_',
  'ROCR_',
  'HIP_',
  'HSA_',
  'ORT_',
  'OMP_',
  'GOMP_',
  'KMP_',
  'MKL_',
  'OPENBLAS_',
  'MALLOC_',
  'GLIBC_TUNABLES',
  'JEMALLOC_',
  'VIPS_',
  'XDG_CACHE_',
];

/** `added` overrides the variables of the parent. */
export function childEnvironment(
  parent: NodeJS.ProcessEnv,
  added: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(parent)) {
    if (value === undefined) continue;
    if (NAMES.has(name) || PREFIXES.some((prefix) => name.startsWith(prefix))) kept[name] = value;
  }
  const flags = nodeFlagsForChildren(parent['NODE_OPTIONS']);
  if (flags !== '') kept['NODE_OPTIONS'] = flags;
  return { ...kept, ...added };
}
