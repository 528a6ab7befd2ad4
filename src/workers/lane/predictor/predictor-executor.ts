/** A predictor resident in a lane: the user's module, loaded once. */
import { performance } from 'node:perf_hooks';
import { z } from 'zod';
import type { BatchInvariance } from '../../../shared/domain/model/batch-invariance.ts';
import { packOutcomes } from '../../../shared/domain/outcomes.ts';
import type { RowError, RowOutcome } from '../../../shared/domain/row.ts';
import { ForebayError, messageOf } from '../../../shared/errors.ts';
import { PREPROCESS } from '../../../shared/tasks/image/preprocess.ts';
import { configOf } from '../../../shared/tasks/model-config-schema.ts';
import { PREDICTOR, type PredictorConfig } from '../../../shared/tasks/predictor.ts';
import type { Predictor } from '../../../predictor/define-predictor.ts';
import type { PredictorContext, PredictorRow } from '../../../predictor/predictor-context.ts';
import type { Executor } from '../executor.ts';
import type { Decoder } from '../image/decode/decoder.ts';
import type { DecoderFactory } from '../image/decode/decoders.ts';
import { PicturePart } from '../image/picture.ts';
import { pngFile } from '../image/png-file.ts';
import type { ModelLoad } from '../messages.ts';
import type { ExecutorParts } from '../models/executor-parts.ts';
import { NO_TIME } from '../models/inference.ts';
import type { OpenBatch } from '../models/open-batch.ts';
import type { TaskInput } from '../tasks/task.ts';
import { createAnswerReader, type AnswerReader } from './answers.ts';
import { importPredictor } from './import-predictor.ts';
import { predictRows, type Predict } from './predict-rows.ts';
import { createPredictorGraphs } from './predictor-graphs.ts';
import { createRowReading, type ReadRow } from './predictor-rows.ts';

/** Throws ForebayError `model_load_failed` or `config_mismatch`. */
export async function loadPredictorExecutor(request: ModelLoad, parts: ExecutorParts): Promise<Executor> {
  const start = performance.now();
  const rssBefore = process.memoryUsage.rss();
  const config = configOf(PREDICTOR, request.config);
  parts.onStep('open');
  const predictor = await importPredictor(request.graph ?? `${request.dir}/predictor.js`);
  const options = checkOptions(config, predictor);
  const graphs = createPredictorGraphs(request, async (graph) => parts.createSession(graph));
  const leaving = new AbortController();
  const context = {
    folder: request.dir,
    options,
    threads: request.threads,
    signal: leaving.signal,
    session: async (name: string) => graphs.open(name),
    pixels: createPixels(parts.services.createDecoder),
  };
  parts.onStep('load');
  let state: unknown;
  try {
    state = await predictor.load?.(context);
  } catch (cause) {
    await graphs.release();
    const message = `load() of the predictor failed: ${oneLine(messageOf(cause))}`;
    throw new ForebayError('model_load_failed', message, { cause });
  }
  const whole: PredictorContext = { ...context, state };
  const predict: Predict = (rows) => predictor.predict(rows, whole);
  const answers = createAnswerReader(config.result ?? null, predictor.result);
  const readRow = createRowReading(config.input, parts.services.rowBytes);
  const weightsBytes = Math.max(0, process.memoryUsage.rss() - rssBefore);
  return {
    info: {
      inputs: [],
      outputs: [],
      providers: config.execution_providers.map((one) => (typeof one === 'string' ? one : one.name)),
      fixedBatch: null,
      notes: [...graphs.notes, ...schemaNotes(config, predictor)],
      loadMs: performance.now() - start,
      // Nobody knows what rows the code accepts, so there is nothing to try it with.
      batchInvariance: request.probe === undefined ? null : UNKNOWN,
      memory: request.probe === undefined ? null : { weightsBytes, activationBytes: 0 },
    },
    open: (rows) => openRows(rows, { readRow, predict, answers }),
    changedFile: () => graphs.changed(),
    async release() {
      leaving.abort();
      // The model leaves the lane, whatever its code says.
      await Promise.resolve(predictor.unload?.(whole)).catch((error: unknown) => {
        process.stderr.write(
          `forebay lane: unload() of ${config.name} failed: ${oneLine(messageOf(error))}\n`,
        );
      });
      await graphs.release();
    },
  };
}

const UNKNOWN: BatchInvariance = { verdict: 'unknown', maxDifference: 0, batch: 1 };

/** Encoded bytes of the rows of one call. Rows beyond that go into another call. */
const CALL_BYTES = 64 * 1024 * 1024;

function openRows(
  count: number,
  { readRow, predict, answers }: { readRow: ReadRow; predict: Predict; answers: AnswerReader },
): OpenBatch {
  const inputs = Array<TaskInput | undefined>(count);
  return {
    prepare(at, row): RowError | null {
      // Read only when it runs, because nothing bounds the bytes that waiting batches would hold.
      const isPart = 'madeUp' in row && row.madeUp instanceof PicturePart;
      inputs[at] = isPart ? { bytes: pngFile(row.madeUp as PicturePart) } : row;
      return null;
    },
    async run(ready) {
      const timings = NO_TIME();
      const outcomes: RowOutcome[] = [];
      /** Rows of the next call, and where their outcomes belong. */
      let rows: PredictorRow[] = [];
      let places: number[] = [];
      let held = 0;

      async function flush(): Promise<void> {
        if (rows.length === 0) return;
        const started = performance.now();
        const found = await predictRows(rows, predict, answers);
        for (const [i, outcome] of found.entries()) outcomes[places[i]!] = outcome;
        timings.inferMs += performance.now() - started;
        rows = [];
        places = [];
        held = 0;
      }

      for (const [to, at] of ready.entries()) {
        const started = performance.now();
        const reading = readRow(inputs[at]!);
        const read = reading instanceof Promise ? await reading : reading;
        inputs[at] = undefined;
        timings.prepareMs += performance.now() - started;
        if (!read.ok) {
          outcomes[to] = read;
          continue;
        }
        rows.push(read.row);
        places.push(to);
        held += read.bytes;
        if (held >= CALL_BYTES) await flush();
      }
      await flush();
      return { outcomes: packOutcomes(outcomes), timings };
    },
  };
}

/** Throws ForebayError `config_mismatch`. */
function checkOptions(
  { options = {} }: PredictorConfig,
  predictor: Predictor,
): Readonly<Record<string, unknown>> {
  if (predictor.options === undefined) return options;
  const parsed = predictor.options.safeParse(options);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(
    ({ path, message }) => `/options${path.map((key) => `/${String(key)}`).join('')}: ${message}`,
  );
  throw new ForebayError(
    'config_mismatch',
    `model.json does not fit "options" of the predictor: ${issues.join('; ')}`,
  );
}

/** Only model.json reaches the API, so a schema in the code alone gives no columns. */
function schemaNotes(config: PredictorConfig, { result }: Predictor): string[] {
  if (result === undefined || config.result !== undefined) return [];
  try {
    const { $schema: _, ...schema } = z.toJSONSchema(result, { io: 'output' });
    if (schema.type !== 'object') return [];
    return [
      `the predictor declares "result", but model.json does not, so the whole answer is one JSON value; for columns add "result": ${JSON.stringify(schema)}`,
    ];
  } catch {
    return [];
  }
}

function createPixels(createDecoder: DecoderFactory): PredictorContext['pixels'] {
  const decoders = new Map<string, Decoder>();
  return async (image, options) => {
    const key = JSON.stringify(options);
    let decoder = decoders.get(key);
    if (decoder === undefined) {
      decoder = createDecoder(PREPROCESS.parse(options));
      decoders.set(key, decoder);
    }
    return decoder.decode(image);
  };
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
