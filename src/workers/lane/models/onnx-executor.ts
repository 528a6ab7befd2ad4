/** An ONNX graph resident in a lane, with the task of its config. */
import { performance } from 'node:perf_hooks';
import { ForebayError, messageOf } from '../../../shared/errors.ts';
import { effectiveOptions } from '../../../shared/tasks/option-values.ts';
import type { Executor } from '../executor.ts';
import type { ModelLoad } from '../messages.ts';
import type { BoundTask } from '../tasks/task.ts';
import { taskNamed } from '../tasks/tasks.ts';
import { probeBatches } from './batch-probe.ts';
import { timeCalls } from './call-times.ts';
import { createInference, type Inference } from './inference.ts';
import { watchMappedFiles } from './mapped-files.ts';
import type { ExecutorParts } from './executor-parts.ts';
import { createModelFiles } from './model-files.ts';
import { openBatch } from './open-batch.ts';
import { openWithProviders } from './open-providers.ts';
import { prepareAll } from './prepare-all.ts';
import { recordedProbe, type ProbeRecord } from './probe-record.ts';

/** Throws ForebayError `model_load_failed` or `config_mismatch`. */
export async function loadOnnxExecutor(request: ModelLoad, parts: ExecutorParts): Promise<Executor> {
  const start = performance.now();
  const { config, cache = null, probe } = request;
  const rssBefore = process.memoryUsage.rss();
  parts.onStep('open');
  const mapped = watchMappedFiles(request.mapped ?? []);
  const { session, providers, note } = await openWithProviders(config, async (some) =>
    parts.createSession({
      path: request.graph ?? `${request.dir}/model.onnx`,
      threads: request.threads,
      providers: some,
      cache,
      mayWriteCache: probe !== undefined,
    }),
  ).catch((error: unknown) => {
    mapped.close();
    throw error;
  });
  const release = async () => {
    mapped.close();
    await session.release();
  };
  const rssLoaded = process.memoryUsage.rss();
  const options = effectiveOptions(config, {});

  async function probed(task: BoundTask, inference: Inference): Promise<ProbeRecord | typeof UNPROBED> {
    if (probe === undefined) return UNPROBED;
    parts.onStep('probe');
    return recordedProbe(cache, probe.batchSize, async () => {
      const { batchInvariance, rssAfterBatch } = await probeBatches({ task, inference, options, ...probe });
      const memory = rssAfterBatch !== null && {
        weightsBytes: Math.max(0, rssLoaded - rssBefore),
        activationBytes: Math.max(0, rssAfterBatch - rssLoaded),
      };
      return { batchInvariance, memory: memory || null };
    });
  }

  try {
    const files = createModelFiles(request);
    const task = taskNamed(config.task).bind(
      { config, graph: session, files, defaults: request.defaults },
      parts.services,
    );
    const { used, fixedBatch } = task;
    const notes = note === null ? task.notes : [...task.notes, note];
    const outputs = used.outputs.map(({ name }) => name);
    const inference = createInference({ session, outputs, fixedBatch });
    parts.onStep('first_run');
    await firstRun(task, inference, options);
    const loadMs = performance.now() - start;
    const found = await probed(task, inference);
    const callTimes =
      probe?.timing && (await timeCalls({ task, inference, options, ...probe, ...probe.timing }));
    return {
      info: {
        ...used,
        providers,
        fixedBatch,
        splitsBatches: true,
        notes,
        loadMs,
        ...found,
        ...(callTimes && { callTimes }),
      },
      open: (rows, asked) => openBatch(rows, { open: (some) => task.open(some, asked), inference }),
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
async function firstRun(
  task: BoundTask,
  inference: Inference,
  options: ReturnType<typeof effectiveOptions>,
): Promise<void> {
  const { rows, what } = task.probeRows();
  const batch = task.open(1, options);
  try {
    await prepareAll(batch, rows.slice(-1));
    const outputs = await inference.call(batch, [0]).catch((cause: unknown) => {
      throw new ForebayError('model_load_failed', `the graph fails on ${what}: ${messageOf(cause)}`, {
        cause,
      });
    });
    task.check?.(outputs);
  } finally {
    batch.release();
  }
}
