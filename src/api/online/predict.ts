/** Asks a model for answers at once. Each HTTP interface translates its requests and responses. */
import { DEFAULT_PRIORITY } from '../../shared/domain/online-priority.ts';
import type { SlowCode } from '../../shared/domain/slow-code.ts';
import { ForebayError } from '../../shared/errors.ts';
import type { OnlineRows } from '../../shared/queue/online/online-format.ts';
import { deadlinePassed, type OnlineRequests } from '../../shared/queue/online/online-requests.ts';
import type { WaitingCaller } from '../../shared/queue/online/waiting-caller.ts';
import { blockQueueName } from '../../shared/queue/keys.ts';
import type { ModelService } from '../../shared/queue/workers/worker-registry.ts';
import { settleTaskOptions } from '../../shared/tasks/option-values.ts';
import type { RequestedTaskOptions } from '../../shared/tasks/task-options.ts';
import type { RowKind } from '../../shared/tasks/task-description.ts';
import { rowKindOf } from '../../shared/tasks/task-descriptions.ts';
import type { AskedOptions } from '../../shared/tasks/requested-options.ts';
import { canServe, type OnlineModel, type OnlineModels } from './online-models.ts';

/** `file`: the bytes of one image or sound. */
export type PredictInput =
  | { readonly is: 'file'; readonly bytes: Uint8Array }
  | { readonly is: 'text'; readonly text: string }
  | { readonly is: 'rows'; readonly rows: readonly Readonly<Record<string, unknown>>[] };

export interface PredictRequest {
  readonly model: string;
  readonly input: PredictInput;
  readonly options: RequestedTaskOptions;
  readonly timeoutMs: number;
  /** From 1 (first) to 100. Absent: 50. */
  readonly priority?: number | undefined;
  readonly tenant: string;
}

/** Returns an outcome for each row. */
export type Predict = (request: PredictRequest, caller: WaitingCaller) => Promise<OnlineRows>;

const RETRY_AFTER_S = 5;
/** Workers need so long to report code that hangs. Shorter requests need no look-up, which would delay their answer. */
const HEARD_MS = 2_000;

/**
 * Rejects with ForebayError `model_not_found`, `invalid_model_config`, `invalid_request`, `unsupported_media_type`,
 * `no_worker`, and as OnlineRequests.ask does.
 */
export function createPredict(deps: { models: OnlineModels; requests: OnlineRequests }): Predict {
  const { models, requests } = deps;

  /** Code of users may hang, of this model or of another one in the same lanes. */
  async function lateBecause(
    error: ForebayError,
    name: string,
    model: OnlineModel,
    timeoutMs: number,
  ): Promise<ForebayError> {
    if (timeoutMs < HEARD_MS) return error;
    const { service } = await models.fresh(name).catch(() => model);
    return service.slowCode === null ? error : codeIsSlow(service.slowCode, timeoutMs);
  }

  return async ({ model: name, input, options, timeoutMs, priority, tenant }, caller) => {
    const model = await models.find(name);
    checkInput(input, model);
    const settled = settleTaskOptions(model.config, options as AskedOptions);
    if (!canServe(model)) throw notServed(name, model.service);
    const asked = {
      queue: blockQueueName(model.ref),
      tenant,
      rows: input.is === 'rows' ? input.rows.length : 1,
      options: settled,
      timeoutMs,
      folder: model.service.bodyFolder,
      ...(priority !== undefined && priority !== DEFAULT_PRIORITY && { priority }),
      ...(input.is === 'file'
        ? { body: 'file' as const, payload: input.bytes }
        : { body: 'records' as const, payload: recordsOf(input) }),
    };
    try {
      return await requests.ask(asked, caller);
    } catch (error) {
      if (!(error instanceof ForebayError) || error.code !== 'deadline_passed') throw error;
      // On a busy machine, the look-up takes longer than many deadlines.
      if (model.service.lanes > 0) throw await lateBecause(error, name, model, timeoutMs);
      // The model may still be loading, or cannot be loaded.
      const now = await models.fresh(name).catch(() => model);
      if (now.service.lanes > 0) throw deadlinePassed(timeoutMs);
      throw canServe(now) ? notLoaded(name, now.service, timeoutMs) : notServed(name, now.service);
    }
  };
}

function recordsOf(input: Exclude<PredictInput, { is: 'file' }>): Buffer {
  return Buffer.from(JSON.stringify(input.is === 'rows' ? input.rows : [{ text: input.text }]));
}

const NAMES: Readonly<Record<RowKind, string>> = {
  image: 'an image (such as image/jpeg), or application/json with rows',
  audio: 'a sound (such as audio/wav), or application/json with rows',
  text: 'text/plain, or application/json with rows',
  features: 'application/json with rows',
  tensors: 'application/json with rows',
};

function checkInput(input: PredictInput, { config }: OnlineModel): void {
  const kind = rowKindOf(config);
  const fits =
    input.is === 'rows' || (input.is === 'text' ? kind === 'text' : kind === 'image' || kind === 'audio');
  if (fits) return;
  throw new ForebayError('unsupported_media_type', `The model's task takes ${NAMES[kind]}.`);
}

function notServed(
  name: string,
  { problem, waitsBecause, isDraining, otherHashes, poolWorkers }: ModelService,
): ForebayError {
  const help = isDraining
    ? 'all that have it are draining. Resume one, or start another one'
    : otherHashes.length > 0
      ? 'workers have other files of it. If the files have just changed, workers notice that within some seconds, so try again'
      : poolWorkers > 0
        ? 'live workers of its pool do not have it. Check their model folders and FOREBAY_MODELS. They notice a new folder within some seconds'
        : 'start a worker of its pool';
  const why = problem ?? waitsBecause ?? help;
  return noWorker(`No live worker serves the model "${name}": ${why}.`);
}

function codeIsSlow({ model, ms }: SlowCode, timeoutMs: number): ForebayError {
  const seconds = (ms / 1000).toFixed(1);
  return new ForebayError(
    'deadline_passed',
    `No answer within ${timeoutMs} ms. The code of the model "${model}" has worked on one batch for more than ${seconds} s, so it may hang. Its lane is restarted when the batch times out (FOREBAY_BATCH_TIMEOUT_S).`,
  );
}

function notLoaded(name: string, { waitsBecause, problem }: ModelService, timeoutMs: number): ForebayError {
  const why = waitsBecause ?? problem;
  return noWorker(
    `No worker had loaded the model "${name}" after ${timeoutMs} ms${why === null ? '' : `: ${why}`}. Allow more time with timeout_ms, or load the model beforehand with "forebay models load ${name}".`,
  );
}

function noWorker(message: string): ForebayError {
  return new ForebayError('no_worker', message, { retryAfterS: RETRY_AFTER_S });
}
