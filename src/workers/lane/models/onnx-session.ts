/**
 * A loaded graph: the only importer of onnxruntime-node. `create` and `run` block the calling thread for as
 * long as they compute; that is why lanes exist.
 */
import { env, InferenceSession, listSupportedBackends, Tensor } from 'onnxruntime-node';
import { ForebayError, InvariantError, messageOf } from '../../../shared/errors.ts';
import type { TensorData } from '../image/normalise/tensor-filler.ts';
import type { GraphTensor } from '../../../shared/models/graph-tensor.ts';

export interface OnnxOutput {
  readonly dims: readonly number[];
  /** float16 as bits in a Uint16Array. */
  readonly data: Float32Array | Float64Array | Uint16Array;
}

export interface OnnxSession {
  readonly inputs: readonly GraphTensor[];
  readonly outputs: readonly GraphTensor[];
  /** Computes one output of one input. Rejects with onnxruntime's own error. */
  run(
    input: GraphTensor,
    dims: readonly number[],
    data: TensorData,
    output: GraphTensor,
  ): Promise<OnnxOutput>;
  release(): Promise<void>;
}

export interface SessionOptions {
  readonly path: string;
  /** Intra-op threads. */
  readonly threads: number;
  readonly providers: readonly string[];
  /** The file holds what `saveTo` has written: nothing is left to optimise for this processor. */
  readonly optimised?: boolean;
  /** Also writes the optimised graph to this path; it holds for this processor and this onnxruntime only. */
  readonly saveTo?: string;
}

export const onnxruntimeVersion = env.versions.node ?? env.versions.common;

/** Throws ForebayError `model_load_failed`. */
export async function createOnnxSession(options: SessionOptions): Promise<OnnxSession> {
  checkProviders(options.providers);
  let session: InferenceSession;
  try {
    session = await InferenceSession.create(options.path, {
      executionProviders: [...options.providers],
      intraOpNumThreads: options.threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      // Not 'disabled' for an optimised graph: that took up to 0.6 GB for 0.25 GB of weights (ADR 6).
      graphOptimizationLevel: options.optimised ? 'basic' : 'all',
      ...(options.saveTo === undefined ? {} : { optimizedModelFilePath: options.saveTo }),
      logSeverityLevel: FATAL_ONLY,
    });
  } catch (cause) {
    throw new ForebayError('model_load_failed', `onnxruntime cannot load the graph: ${messageOf(cause)}`, {
      cause,
    });
  }

  async function run(
    input: GraphTensor,
    dims: readonly number[],
    data: TensorData,
    output: GraphTensor,
  ): Promise<OnnxOutput> {
    const tensor = new Tensor(input.type as 'float32', data as Float32Array, dims);
    const results = await session.run({ [input.name]: tensor }, [output.name]);
    const result = results[output.name];
    if (result === undefined) throw new InvariantError(`output "${output.name}" did not come back`);
    return { dims: result.dims, data: result.data as OnnxOutput['data'] };
  }

  return {
    inputs: session.inputMetadata.map(toGraphTensor),
    outputs: session.outputMetadata.map(toGraphTensor),
    run,
    release: async () => session.release(),
  };
}

/** Fatal only: what fails is thrown, and becomes a row's error. */
const FATAL_ONLY = 4;

/**
 * onnxruntime drops providers whose name it does not know with a line on stderr and computes on the CPU. Those
 * it knows but whose libraries are absent (`bundled` does not tell: CUDA's are installed apart) fail in `create`.
 */
function checkProviders(providers: readonly string[]): void {
  const known = listSupportedBackends().map((backend) => backend.name);
  const unknown = providers.filter((provider) => !known.includes(provider));
  if (unknown.length === 0) return;
  throw new ForebayError(
    'model_load_failed',
    `execution provider ${unknown.join(', ')} is not in this onnxruntime (it knows ${known.join(', ')}); change execution_providers in model.json`,
  );
}

function toGraphTensor(meta: InferenceSession.ValueMetadata): GraphTensor {
  return meta.isTensor
    ? { name: meta.name, type: meta.type, shape: meta.shape }
    : { name: meta.name, type: 'not a tensor', shape: [] };
}
