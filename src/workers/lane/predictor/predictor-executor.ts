/** A predictor resident in a lane: the user's module, loaded once. */
import { performance } from 'node:perf_hooks';
import { z } from 'zod';
import type { BatchInvariance } from '../../../shared/domain/model/batch-invariance.ts';
import { packOutcomes } from '../../../shared/domain/outcomes.ts';
import type { RowError, RowOutcome } from '../../../shared/domain/row.ts';
import { ForebayError, messageOf } from '../../../shared/errors.ts';
import { configOf } from '../../../shared/tasks/model-config-schema.ts';
import { PREDICTOR, type PredictorConfig } from '../../../shared/tasks/predictor.ts';
import type { Predictor } from '../../../predictor/define-predictor.ts';
import type { PredictorContext, PredictorRow } from '../../../predictor/predictor-context.ts';
import type { Executor } from '../executor.ts';
import type { ModelLoad } from '../messages.ts';
import type { ExecutorParts } from '../models/executor-parts.ts';
import { NO_TIME } from '../models/inference.ts';
import type { OpenBatch } from '../models/open-batch.ts';
import type { TaskInput } from '../tasks/task.ts';
import { createAnswerReader } from './answers.ts';
import { reportReplaced } from './built-ins.ts';
import { importPredictor } from './import-predictor.ts';
import { callWithRows, type UserFunction } from './predict-rows.ts';
import { createPredictorGraphs } from './predictor-graphs.ts';
import { asFile, createRowReading, type ReadRow } from './predictor-rows.ts';
import { readInCalls } from './read-rows.ts';
import { guardCode } from './stray-errors.ts';
import { checkOptions, createContext } from './user-context.ts';

/** Throws ForebayError `model_load_failed` or `config_mismatch`. */
export async function loadPredictorExecutor(request: ModelLoad, parts: ExecutorParts): Promise<Executor> {
  const start = performance.now();
  const rssBefore = process.memoryUsage.rss();
  const config = configOf(PREDICTOR, request.config);
  parts.onStep('open');
  const guard = guardCode({ model: config.name, dir: request.dir });
  const predictor = await importPredictor(request.graph ?? `${request.dir}/predictor.js`, guard);
  const options = checkOptions(config.options, predictor.options, { at: '/options', what: 'the predictor' });
  const graphs = createPredictorGraphs(request, async (graph) => parts.createSession(graph));
  const leaving = new AbortController();
  const { createDecoder, rowBytes } = parts.services;
  const context = createContext(request, { options, signal: leaving.signal, graphs, createDecoder });
  parts.onStep('load');
  async function load(): Promise<unknown> {
    try {
      return await guard.run(async () => predictor.load?.(context));
    } finally {
      reportReplaced(`load() of ${config.name}`);
    }
  }

  let state: unknown;
  try {
    state = await load();
  } catch (cause) {
    await graphs.release();
    const message = `load() of the predictor failed: ${oneLine(messageOf(cause))}`;
    throw new ForebayError('model_load_failed', message, { cause });
  }
  const whole: PredictorContext = { ...context, state };
  const answers = createAnswerReader(config.result ?? null, predictor.result);
  const predict: UserFunction<PredictorRow, RowOutcome> = {
    name: 'predict',
    returns: 'answer',
    guard,
    call: (rows) => predictor.predict(rows, whole),
    read: (answer) => answers.read(answer),
  };
  const readRow = createRowReading(config.input, rowBytes);
  const weightsBytes = Math.max(0, process.memoryUsage.rss() - rssBefore);
  return {
    info: {
      inputs: [],
      outputs: [],
      providers: config.execution_providers.map((one) => (typeof one === 'string' ? one : one.name)),
      fixedBatch: null,
      splitsBatches: false,
      notes: [...graphs.notes, ...schemaNotes(config, predictor)],
      loadMs: performance.now() - start,
      // Nobody knows what rows the code accepts, so there is nothing to try it with.
      batchInvariance: request.probe === undefined ? null : UNKNOWN,
      memory: request.probe === undefined ? null : { weightsBytes, activationBytes: 0 },
    },
    open: (rows) => openRows(rows, readRow, predict),
    changedFile: () => graphs.changed(),
    async release() {
      leaving.abort();
      // The model leaves the lane, whatever its code says.
      await guard
        .run(async () => predictor.unload?.(whole))
        .catch((error: unknown) => {
          process.stderr.write(
            `forebay lane: unload() of ${config.name} failed: ${oneLine(messageOf(error))}\n`,
          );
        });
      await graphs.release();
    },
  };
}

const UNKNOWN: BatchInvariance = { verdict: 'unknown', maxDifference: 0, batch: 1 };

function openRows(
  count: number,
  readRow: ReadRow,
  predict: UserFunction<PredictorRow, RowOutcome>,
): OpenBatch {
  const inputs = Array<TaskInput>(count);
  return {
    prepare(at, row): RowError | null {
      // Read only when it runs, because nothing bounds the bytes that waiting batches would hold.
      inputs[at] = asFile(row);
      return null;
    },
    async run(ready) {
      const timings = NO_TIME();
      const outcomes: RowOutcome[] = [];
      const wanted = ready.map((at) => inputs[at]!);
      inputs.length = 0;
      const calls = readInCalls(wanted, readRow, timings, (place, failed) => (outcomes[place] = failed));
      for await (const { rows, places } of calls) {
        const started = performance.now();
        const found = await callWithRows(rows, predict);
        for (const [i, outcome] of found.entries()) outcomes[places[i]!] = outcome;
        timings.inferMs += performance.now() - started;
      }
      return { outcomes: packOutcomes(outcomes), timings };
    },
  };
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

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
