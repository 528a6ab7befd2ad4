// `forebay doctor` tries each execution provider with a real session.
import { expect, it } from 'vitest';
import { checkProviders } from '#forebay/cli/doctor/check-providers.js';
import { whyNotLoaded } from '#forebay/shared/models/provider-advice.js';

it('the CPU works here, and every provider that does not work has a reason', async () => {
  const findings = await checkProviders(process.env);
  expect(findings.map(({ found }) => found.split(' ')[0])).toEqual(['cpu', 'webgpu', 'cuda', 'tensorrt']);
  expect(findings[0]).toEqual({ level: 'ok', what: 'provider', found: 'cpu' });
  for (const { level, advice } of findings.slice(1)) {
    if (level === 'ok') continue;
    expect(level).toBe('note');
    // A known reason, not a line of onnxruntime's log.
    expect(advice).toMatch(/^(Its library|There is no|The NVIDIA|A tiny|\S+ needs the library)/);
  }
});

it.each([
  [
    'Failed to load library /a/libonnxruntime_providers_shared.so with error: /a/libonnxruntime_providers_shared.so: cannot open shared object file',
    'its library libonnxruntime_providers_shared.so is not installed beside onnxruntime',
  ],
  [
    'Failed to load library /a/libonnxruntime_providers_cuda.so with error: libcudnn.so.9: cannot open shared object file: No such file',
    'libonnxruntime_providers_cuda.so needs the library libcudnn.so.9, which is not found (set LD_LIBRARY_PATH)',
  ],
  [
    'CUDA failure 100: no CUDA-capable device is detected ; GPU=0',
    'there is no NVIDIA GPU, or its driver is not visible here',
  ],
  [
    'Failed to load library /a/libonnxruntime_providers_cuda.so with error: libcuda.so.1: cannot open shared object file: No such file',
    'the NVIDIA driver is not installed, or not visible here (libcuda.so.1)',
  ],
  ['CUDA failure 101: invalid device ordinal', 'there is no GPU with this device_id'],
  ['something else', null],
])('a known message of onnxruntime is turned into a reason: "%s"', (message, why) => {
  expect(whyNotLoaded(message)).toBe(why);
});
