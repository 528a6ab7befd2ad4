/** The device that computes a model, by its config. Pure. */
import { providerName } from './execution-providers.ts';
import type { ModelConfig } from './model-config.ts';

/** Null: the CPU. WebGPU chooses its device by itself. CUDA and TensorRT number the GPUs of the machine alike. */
export function deviceOf({ execution_providers }: Pick<ModelConfig, 'execution_providers'>): string | null {
  const first = execution_providers[0]!;
  const name = providerName(first);
  if (name === 'cpu') return null;
  if (name === 'webgpu') return name;
  return `gpu ${typeof first === 'string' ? 0 : (first.device_id ?? 0)}`;
}
