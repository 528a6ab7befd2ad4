/** The onnxruntime execution providers that a `model.json` can name. Pure. */
import { z } from 'zod';

export const PROVIDER_NAMES = ['cpu', 'webgpu', 'cuda', 'tensorrt'] as const;

export type ProviderName = (typeof PROVIDER_NAMES)[number];

/** A name, or a name with options. */
export const EXECUTION_PROVIDER = z.union([
  z.enum(PROVIDER_NAMES),
  z.strictObject({
    name: z.enum(PROVIDER_NAMES),
    /** Index of the GPU. Only `cuda` and `tensorrt` choose among several. */
    device_id: z.int().min(0).max(255).optional(),
    // onnxruntime would ignore it, so a model would take all memory of a GPU that others share.
    memory_limit_mb: z
      .undefined({ error: 'onnxruntime-node cannot limit the memory of a provider; leave the field out' })
      .optional(),
  }),
]);

export type ExecutionProvider = z.infer<typeof EXECUTION_PROVIDER>;

export function providerName(provider: ExecutionProvider): ProviderName {
  return typeof provider === 'string' ? provider : provider.name;
}
