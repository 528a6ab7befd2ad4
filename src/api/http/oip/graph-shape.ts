/** The shapes of a graph's tensors in requests. If the graph gives none, model.json may, as in Triton's config. */
import type { ModelConfig } from '../../../shared/domain/model/model-config.ts';
import type { GraphTensor } from '../../../shared/models/graph-tensor.ts';
import type { TensorInputConfig } from '../../../shared/tasks/tensors/tensor-config.ts';

/** What model.json declares about a tensor. Only the task `tensors` declares any. */
export function declaredOf(
  config: ModelConfig | null,
  where: 'inputs' | 'outputs',
  name: string,
): Pick<TensorInputConfig, 'batch_axis' | 'shape'> {
  const all = (config as { readonly inputs?: object; readonly outputs?: object } | null)?.[where] ?? {};
  return Object.hasOwn(all, name) ? (all as Readonly<Record<string, object>>)[name]! : {};
}

/** An empty shape stands for a scalar, or for axes that the graph leaves open. */
export function withShape(
  tensor: GraphTensor,
  where: 'inputs' | 'outputs',
  config: ModelConfig | null,
): GraphTensor {
  const { batch_axis = null, shape } = declaredOf(config, where, tensor.name);
  if (tensor.shape.length > 0 || shape === undefined) return tensor;
  const row = shape.map((dim) => dim ?? '');
  return { ...tensor, shape: batch_axis === null ? row : row.toSpliced(batch_axis, 0, '') };
}
