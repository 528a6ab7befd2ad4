/**
 * A loaded graph. The only importer of onnxruntime-node. `create` and `run` block the calling thread while they
 * compute, which is why lanes exist.
 */
import { env, InferenceSession, listSupportedBackends, Tensor } from 'onnxruntime-node';
import { providerName, type ExecutionProvider } from '../../../shared/domain/model/execution-providers.ts';
import { ForebayError, InvariantError, messageOf } from '../../../shared/errors.ts';
import type { GraphTensor } from '../../../shared/models/graph-tensor.ts';
import type { GraphSignature } from '../tasks/task.ts';
import type { Feeds, Outputs, TensorValue, TensorValues } from '../tasks/tensors.ts';
import { loadAdvice } from './load-advice.ts';
import { whyNotLoaded } from '../../../shared/models/provider-advice.ts';

export interface OnnxSession extends GraphSignature {
  /** Computes the named outputs. Rejects with onnxruntime's own error. */
  run(feeds: Feeds, outputs: readonly string[]): Promise<Outputs>;
  release(): Promise<void>;
}

export interface SessionOptions {
  readonly path: string;
  /** Intra-op threads. */
  readonly threads: number;
  /** All of them must load. */
  readonly providers: readonly ExecutionProvider[];
  /** The file was written by `saveTo`, so it is optimised for this processor. */
  readonly optimised?: boolean;
  /** Also writes the optimised graph to this path. It is valid only for this processor and this onnxruntime. */
  readonly saveTo?: string;
}

export const onnxruntimeVersion = env.versions.node ?? env.versions.common;

/** Throws ForebayError `model_load_failed`. */
export async function createOnnxSession(options: SessionOptions): Promise<OnnxSession> {
  checkProviders(options.providers);
  let session: InferenceSession;
  try {
    session = await InferenceSession.create(options.path, {
      executionProviders: options.providers.map(toOption),
      intraOpNumThreads: options.threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      // 'disabled' would hold the weights of an optimised graph twice (ADR 6).
      graphOptimizationLevel: options.optimised ? 'basic' : 'all',
      ...(options.saveTo === undefined ? {} : { optimizedModelFilePath: options.saveTo }),
      logSeverityLevel: FATAL_ONLY,
    });
  } catch (cause) {
    throw new ForebayError('model_load_failed', whyFailed(messageOf(cause), options.providers), { cause });
  }

  async function run(feeds: Feeds, outputs: readonly string[]): Promise<Outputs> {
    const tensors: Record<string, Tensor> = {};
    for (const name of Object.keys(feeds)) {
      const { type, data, dims } = feeds[name]!;
      // The cast picks one of the signatures of Tensor, which all work alike.
      tensors[name] = new Tensor(type as 'float32', data as Float32Array, dims);
    }
    const results = await session.run(tensors, outputs);
    const found: Record<string, TensorValue> = {};
    for (const name of outputs) {
      const result = results[name];
      if (result === undefined) throw new InvariantError(`the run returned no output "${name}"`);
      found[name] = { type: result.type, dims: result.dims, data: result.data as TensorValues };
    }
    return found;
  }

  return {
    inputs: session.inputMetadata.map(toGraphTensor),
    outputs: session.outputMetadata.map(toGraphTensor),
    run,
    release: async () => session.release(),
  };
}

/** onnxruntime throws its errors anyway, so it need not log them. */
const FATAL_ONLY = 4;

/**
 * If onnxruntime does not know a provider's name, it writes a line to stderr and computes on the CPU. A known provider
 * whose libraries are absent fails in `create`. The backend's field `bundled` does not show whether they are there,
 * because CUDA's libraries are installed separately.
 */
function checkProviders(providers: readonly ExecutionProvider[]): void {
  const known = listSupportedBackends().map((backend) => backend.name);
  const unknown = providers.map(providerName).filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  throw new ForebayError(
    'model_load_failed',
    `execution provider ${unknown.join(', ')} is not in this onnxruntime (it knows ${known.join(', ')})`,
  );
}

function whyFailed(message: string, providers: readonly ExecutionProvider[]): string {
  const names = providers.map(providerName).filter((name) => name !== 'cpu');
  const why = names.length === 0 ? null : whyNotLoaded(message);
  if (why !== null) return `execution provider ${names.join(', ')} cannot load: ${why}`;
  const line = message.replaceAll(/\s+/g, ' ').trim();
  const where = names.length === 0 ? '' : ` with ${names.join(', ')}`;
  return loadAdvice(message, onnxruntimeVersion) ?? `onnxruntime cannot load the graph${where}: ${line}`;
}

/** `deviceId` is the only option that onnxruntime-node takes for these providers. It ignores all others. */
function toOption(provider: ExecutionProvider): InferenceSession.ExecutionProviderConfig {
  if (typeof provider === 'string') return provider;
  const { name, device_id } = provider;
  return device_id === undefined ? { name } : { name, deviceId: device_id };
}

function toGraphTensor(meta: InferenceSession.ValueMetadata): GraphTensor {
  return meta.isTensor
    ? { name: meta.name, type: meta.type, shape: meta.shape }
    : { name: meta.name, type: 'not a tensor', shape: [] };
}
