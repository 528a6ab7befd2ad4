/** A model resident in a lane: its session and its whole stage, from encoded rows to outcomes. */
import { performance } from 'node:perf_hooks';
import { ForebayError, messageOf } from '../../../shared/errors.ts';
import type { RowError } from '../../../shared/domain/row.ts';
import type { Decoder, DecodeOptions, Pixels } from '../decode/decoder.ts';
import type { LaneInput, LoadRequest, ModelInfo } from '../messages.ts';
import { createClassifier } from '../postprocess/classification.ts';
import { createTensorFiller } from '../preprocess/tensor-filler.ts';
import type { RowBytes } from '../row-bytes.ts';
import { probeBatches } from './batch-probe.ts';
import { checkClasses, fitGraph } from './graph-fit.ts';
import type { GraphRequest } from './graph-cache.ts';
import { createInference, type Inference } from './inference.ts';
import type { OnnxSession } from './onnx-session.ts';
import { recordedProbe, type ProbeRecord } from './probe-record.ts';

export type DecodedRow =
  | { readonly ok: true; readonly pixels: Pixels }
  | { readonly ok: false; readonly error: RowError };

export interface ResidentModel {
  readonly info: ModelInfo;
  /** Reads and decodes a row; work off this thread has started when the call returns. Never rejects. */
  decode(input: LaneInput): Promise<DecodedRow>;
  readonly run: Inference['run'];
  release(): Promise<void>;
}

export interface ResidentModelParts {
  createSession(options: GraphRequest): Promise<OnnxSession>;
  createDecoder(options: DecodeOptions): Decoder;
  readonly rowBytes: RowBytes;
}

/** Throws ForebayError `model_load_failed` or `contract_mismatch`. */
export async function loadResidentModel(
  request: Omit<LoadRequest, 'type'>,
  parts: ResidentModelParts,
): Promise<ResidentModel> {
  const start = performance.now();
  const { contract, labels, limits, cache = null, probe } = request;
  const rssBefore = process.memoryUsage.rss();
  const session = await parts.createSession({
    path: `${request.dir}/model.onnx`,
    threads: request.threads,
    providers: contract.execution_providers,
    cache,
    mayFill: probe !== undefined,
  });
  const rssLoaded = process.memoryUsage.rss();
  const probed = async (batchSize: number, model: Omit<Parameters<typeof probeBatches>[0], 'batchSize'>) =>
    recordedProbe(cache, batchSize, async () => {
      const { batchInvariance, rssAfterBatch } = await probeBatches({ ...model, batchSize });
      const memory = rssAfterBatch !== null && {
        weightsBytes: Math.max(0, rssLoaded - rssBefore),
        activationBytes: Math.max(0, rssAfterBatch - rssLoaded),
      };
      return { batchInvariance, memory: memory || null };
    });
  try {
    const fit = fitGraph(contract, labels, session.inputs, session.outputs);
    const filler = createTensorFiller(contract.preprocess, fit.inputType, fit.layout);
    const classifier = createClassifier({ labels, softmax: contract.softmax });
    const inference = createInference({ session, fit, filler, classifier });
    checkClasses(labels, await firstRun(inference, filler.rowLength), fit.output);
    const decoder = parts.createDecoder({ ...contract.preprocess, maxPixels: limits.maxPixels });
    const loadMs = performance.now() - start;
    const found = probe ? await probed(probe.batchSize, { session, fit, filler }) : UNPROBED;
    const { input, output, fixedBatch } = fit;
    return {
      info: { input, output, fixedBatch, loadMs, ...found },
      decode: async (row) => decodeRow(row, parts.rowBytes, decoder, limits),
      run: async (crops, topK) => inference.run(crops, topK),
      release: async () => session.release(),
    };
  } catch (error) {
    await session.release();
    throw error;
  }
}

const UNPROBED: { readonly [K in keyof ProbeRecord]: null } = { batchInvariance: null, memory: null };

/** Shows before the first row whether the graph computes at all, and settles symbolic output shapes. */
async function firstRun(inference: Inference, rowLength: number): Promise<number> {
  try {
    return await inference.probe(new Uint8Array(rowLength));
  } catch (cause) {
    const why = messageOf(cause);
    throw new ForebayError('model_load_failed', `the graph fails on a black image: ${why}`, { cause });
  }
}

async function decodeRow(
  row: LaneInput,
  rowBytes: RowBytes,
  decoder: Decoder,
  limits: LoadRequest['limits'],
): Promise<DecodedRow> {
  try {
    const pixels = await rowBytes.use(row, limits, async (bytes) => decoder.decode(bytes));
    return { ok: true, pixels };
  } catch (error) {
    const code = error instanceof ForebayError ? error.code : 'decode_failed';
    return { ok: false, error: { code, message: messageOf(error) } };
  }
}
