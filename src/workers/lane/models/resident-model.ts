/** A model resident in a lane: its session, and everything from encoded rows to outcomes. */
import { performance } from 'node:perf_hooks';
import { ForebayError, messageOf } from '../../../shared/errors.ts';
import type { DecodeMode } from '../../../shared/domain/decode-mode.ts';
import { activationOf } from '../../../shared/domain/model-config.ts';
import { checkScores } from '../../../shared/models/class-scores.ts';
import type { Decoder } from '../image/decode/decoder.ts';
import type { DecoderFactory } from '../image/decode/decoders.ts';
import type { LoadRequest, LoadStep, ModelInfo } from '../messages.ts';
import { createClassifier } from '../tasks/image-classification/classification.ts';
import { createTensorFiller, type TensorFiller } from '../image/normalise/tensor-filler.ts';
import { createTensorPool } from '../image/normalise/tensor-pool.ts';
import type { RowBytes } from '../rows/row-bytes.ts';
import { probeBatches } from './batch-probe.ts';
import { fitGraph } from './graph-fit.ts';
import type { GraphRequest } from './graph-cache.ts';
import { createInference, type Inference } from './inference.ts';
import { watchMappedFiles } from './mapped-files.ts';
import type { OnnxSession } from './onnx-session.ts';
import { openBatch, type OpenBatch } from './open-batch.ts';
import { recordedProbe, type ProbeRecord } from './probe-record.ts';

export interface ResidentModel {
  readonly info: ModelInfo;
  /** Opens a batch of this many rows. `decode` overrides the config. */
  open(rows: number, decode: DecodeMode | undefined): OpenBatch;
  /** A weights file that has changed since the model was loaded, or null. */
  changedFile(): string | null;
  release(): Promise<void>;
}

export interface ResidentModelParts {
  /** Called before each step of loading. */
  onStep(step: LoadStep): void;
  createSession(options: GraphRequest): Promise<OnnxSession>;
  readonly createDecoder: DecoderFactory;
  readonly rowBytes: RowBytes;
}

/** Throws ForebayError `model_load_failed` or `config_mismatch`. */
export async function loadResidentModel(
  request: Omit<LoadRequest, 'type'>,
  parts: ResidentModelParts,
): Promise<ResidentModel> {
  const start = performance.now();
  const { config, labels, cache = null, probe } = request;
  const { rowBytes } = parts;
  const rssBefore = process.memoryUsage.rss();
  parts.onStep('open');
  const mapped = watchMappedFiles(request.mapped ?? []);
  const session = await parts
    .createSession({
      path: `${request.dir}/model.onnx`,
      threads: request.threads,
      providers: config.execution_providers,
      cache,
      mayWriteCache: probe !== undefined,
    })
    .catch((error: unknown) => {
      mapped.close();
      throw error;
    });
  const release = async () => {
    mapped.close();
    await session.release();
  };
  const rssLoaded = process.memoryUsage.rss();
  type Probed = Pick<Parameters<typeof probeBatches>[0], 'session' | 'fit' | 'filler'>;
  const probed = async (how: NonNullable<typeof probe>, model: Probed) =>
    recordedProbe(cache, how.batchSize, async () => {
      const { batchInvariance, rssAfterBatch } = await probeBatches({ ...model, ...how });
      const memory = rssAfterBatch !== null && {
        weightsBytes: Math.max(0, rssLoaded - rssBefore),
        activationBytes: Math.max(0, rssAfterBatch - rssLoaded),
      };
      return { batchInvariance, memory: memory || null };
    });
  try {
    const fit = fitGraph(config, labels, session.inputs, session.outputs);
    const filler = createTensorFiller(config.preprocess, fit.inputType, fit.layout);
    const classifier = createClassifier({ labels, activation: activationOf(config) });
    const tensors = createTensorPool(filler);
    const { rowLength } = filler;
    const inference = createInference({ session, fit, rowLength, tensors, classifier });
    parts.onStep('first_run');
    const sample = await firstRun(inference, filler);
    checkScores({ config: config, labels, output: fit.output, classes: sample.length, sample });
    const decoders = new Map<DecodeMode, Decoder>();
    const decoderOf = (decode: DecodeMode): Decoder => {
      const known = decoders.get(decode);
      if (known !== undefined) return known;
      const made = parts.createDecoder({ ...config.preprocess, decode });
      decoders.set(decode, made);
      return made;
    };
    const mode = config.preprocess.decode;
    const decoder = { mode, jpeg: decoderOf(mode).jpeg };
    const loadMs = performance.now() - start;
    if (probe) parts.onStep('probe');
    const found = probe ? await probed(probe, { session, fit, filler }) : UNPROBED;
    const { input, output, fixedBatch } = fit;
    return {
      info: { input, output, fixedBatch, decoder, loadMs, ...found },
      open: (rows, decode = mode) =>
        openBatch(rows, { rowBytes, decoder: decoderOf(decode), filler, tensors, inference }),
      changedFile: () => mapped.changed(),
      release,
    };
  } catch (error) {
    await release();
    throw error;
  }
}

const UNPROBED: { readonly [K in keyof ProbeRecord]: null } = { batchInvariance: null, memory: null };

/** Shows whether the graph runs at all, and what its output looks like. */
async function firstRun(inference: Inference, filler: TensorFiller): Promise<Float32Array> {
  const tensor = filler.allocate(inference.roomFor(1));
  filler.fill(tensor, 0, new Uint8Array(filler.rowLength));
  try {
    return await inference.probe(tensor);
  } catch (cause) {
    const why = messageOf(cause);
    throw new ForebayError('model_load_failed', `the graph fails on a black image: ${why}`, { cause });
  }
}
