/** Inference in the Open Inference Protocol. */
import { z } from 'zod';
import { HIGHEST_PRIORITY, LOWEST_PRIORITY } from '../../../shared/domain/online-priority.ts';
import { ForebayError } from '../../../shared/errors.ts';
import type { OnlineRows } from '../../../shared/queue/online/online-format.ts';
import { TASK_OPTION_NAMES, type RequestedTaskOptions } from '../../../shared/tasks/task-options.ts';
import { nearestName } from '../../../shared/text/nearest-name.ts';
import type { OnlineModel, OnlineModels } from '../../online/online-models.ts';
import type { Predict } from '../../online/predict.ts';
import type { HeldBytes } from '../body/held-bytes.ts';
import { fit } from '../body/parse-json.ts';
import { mount, type MountTarget } from '../endpoint/mount.ts';
import { ANY_TYPE } from '../middleware/read-body.ts';
import { waitingCaller } from '../middleware/waiting-caller.ts';
import { CLIENT_LEFT, PREDICT_LIMIT, PREDICT_PROBLEMS } from '../routes/predict.ts';
import { MAX_TIMEOUT_MS, PREDICT_REST, timeoutOf } from '../wire/predict.ts';
import { DATATYPES } from './datatypes.ts';
import { HEADER_LENGTH, inferResponse } from './infer-response.ts';
import { OIP_ERRORS } from './oip-errors.ts';
import { MODEL_PATHS, modelNamed, OIP_TAG } from './oip-paths.ts';
import { withShape } from './graph-shape.ts';
import { outputsOfRows } from './outputs-of-rows.ts';
import { INFER_REQUEST, PARAMETERS, parseInfer, type InferRequest, type Parameters } from './parse-infer.ts';
import { rawInput, rowsOfInputs } from './rows-of-inputs.ts';

export interface InferDeps {
  readonly predict: Predict;
  readonly onlineModels: OnlineModels;
  /** Bounds the bodies of online requests in this process. */
  readonly onlineBodies: HeldBytes;
}

const HEADERS = z.object({
  'inference-header-content-length': z.coerce.number().int().min(0).optional().meta({
    description: 'How many bytes of the body are JSON. The tensors that have `binary_data_size` follow.',
  }),
});

const RESPONSE = z
  .object({
    model_name: z.string(),
    model_version: z.string().optional(),
    id: z.string().optional(),
    outputs: z.array(
      z.object({
        name: z.string(),
        datatype: z.enum(DATATYPES),
        shape: z.array(z.int()),
        parameters: PARAMETERS.optional(),
        data: z.array(z.unknown()).optional(),
      }),
    ),
  })
  .meta({ id: 'InferResponse', description: 'The outputs as tensors, a row after the other.' });

export function mountInfer(target: MountTarget, deps: InferDeps): void {
  for (const { path, suffix, params } of MODEL_PATHS) {
    mount(
      target,
      {
        method: 'post',
        path: `${path}/infer`,
        operationId: `oipInfer${suffix}`,
        tag: OIP_TAG,
        access: 'models:predict',
        summary: 'Ask a model for answers at once',
        description:
          'The first axis of all tensors is the row. Which tensors a model takes and returns is in its metadata, and in docs/online.md. A row that fails fails the request.',
        params,
        headers: HEADERS,
        body: {
          schema: INFER_REQUEST,
          limit: PREDICT_LIMIT,
          types: [ANY_TYPE],
          parse: (bytes) => ({ ok: true, value: bytes ?? Buffer.alloc(0) }),
          held: deps.onlineBodies,
        },
        success: [
          {
            status: 200,
            description: 'The outputs.',
            headers: { [HEADER_LENGTH]: 'How many bytes are JSON, if binary tensors follow.' },
            content: { 'application/json': RESPONSE },
          },
        ],
        problems: [...PREDICT_PROBLEMS, 'not_supported'],
        errors: OIP_ERRORS,
      },
      async ({ c, caller, params: named, headers, body }) => {
        const name = modelNamed(named);
        const model = await deps.onlineModels.find(name);
        const request = requestIn(body, headers['inference-header-content-length'] ?? null, model);
        const { options, timeoutMs, priority, isBinary } = parametersOf(request);
        const client = waitingCaller(c);
        let found: OnlineRows;
        try {
          const input = rowsOfInputs(request.inputs, model);
          found = await deps.predict(
            { model: name, input, options, timeoutMs, priority, tenant: caller.tenant },
            client,
          );
        } catch (error) {
          if (client.state === 'gone') return new Response(null, { status: CLIENT_LEFT });
          throw error;
        }
        // If the request has made a worker load the model, its graph is known only now.
        const { graphOutputs } = model.graphOutputs === null ? await deps.onlineModels.fresh(name) : model;
        const wanted = request.outputs?.map((output) => output.name) ?? null;
        return inferResponse({
          model: model.ref.name,
          version: 'version' in named ? named.version : null,
          id: request.id,
          outputs: outputsOfRows(
            found.rows,
            graphOutputs?.map((tensor) => withShape(tensor, 'outputs', model.config)) ?? null,
            wanted,
          ),
          isBinary,
          laneMs: found.laneMs,
        });
      },
    );
  }
}

function requestIn(body: Buffer, jsonBytes: number | null, model: OnlineModel): InferRequest {
  if (jsonBytes !== 0) return parseInfer(body, jsonBytes);
  // Without JSON, a request cannot ask for another form.
  return { inputs: [rawInput(body, model)], parameters: { binary_data_output: true } };
}

function parametersOf({ parameters = {}, outputs = [] }: InferRequest) {
  const { timeout, binary_data_output: allBinary = false, priority = 0, ...others } = parameters;
  const isOption = (name: string) => (TASK_OPTION_NAMES as readonly string[]).includes(name);
  const unknown = Object.keys(others).find((name) => !isOption(name));
  if (unknown !== undefined) {
    const near = nearestName(unknown, ['timeout', 'binary_data_output', 'priority', ...TASK_OPTION_NAMES]);
    const hint = near === null ? '' : ` Did you mean "${near}"?`;
    throw notSupported(`The parameter "${unknown.slice(0, 100)}" is unknown.${hint}`);
  }
  const options = fit({ options: others }, PREDICT_REST);
  if (!options.ok) {
    const [issue] = options.issues;
    throw new ForebayError(
      'invalid_request',
      `${issue!.path.replace('/options', '/parameters')}: ${issue!.message}`,
    );
  }
  const binary = new Map(outputs.map((output) => [output.name, isBinaryOutput(output.parameters ?? {})]));
  return {
    options: options.value.options as RequestedTaskOptions,
    timeoutMs: timeoutMsOf(timeout),
    priority: priorityOf(priority),
    isBinary: (name: string) => binary.get(name) ?? allBinary === true,
  };
}

/** `timeout`: in us, and 0 for the default. */
function timeoutMsOf(timeout: unknown): number {
  if (timeout === undefined || timeout === 0) return timeoutOf(undefined);
  if (typeof timeout !== 'number' || !Number.isSafeInteger(timeout) || timeout < 0) {
    throw new ForebayError(
      'invalid_request',
      'The parameter "timeout" must be a whole number of microseconds.',
    );
  }
  return Math.min(MAX_TIMEOUT_MS, Math.ceil(timeout / 1000));
}

/** 0 is the default, as for Triton. */
function priorityOf(priority: unknown): number | undefined {
  if (priority === 0) return undefined;
  const parsed = fit({ priority }, PREDICT_REST);
  if (parsed.ok) return parsed.value.priority;
  throw new ForebayError(
    'invalid_request',
    `The parameter "priority" must be a whole number from ${HIGHEST_PRIORITY} (first) to ${LOWEST_PRIORITY}, or 0 for the default.`,
  );
}

/** Undefined: the request decides. */
function isBinaryOutput({ binary_data, ...others }: Parameters): boolean | undefined {
  const [unknown] = Object.keys(others);
  if (unknown !== undefined)
    throw notSupported(`The parameter "${unknown.slice(0, 100)}" of an output is unknown.`);
  return binary_data === undefined ? undefined : binary_data === true;
}

function notSupported(message: string): ForebayError {
  return new ForebayError('not_supported', message);
}
