/** Online requests: a model's answers at once. */
import { z } from 'zod';
import { ForebayError, type ErrorCode } from '../../../shared/errors.ts';
import type { OnlineRows } from '../../../shared/queue/online/online-format.ts';
import type { Predict } from '../../online/predict.ts';
import type { HeldBytes } from '../body/held-bytes.ts';
import { parsePredict } from '../body/parse-predict.ts';
import { JSON_TYPE, MB } from '../middleware/read-body.ts';
import { waitingCaller } from '../middleware/waiting-caller.ts';
import { mount, type MountTarget } from '../endpoint/mount.ts';
import {
  PREDICT_BODY,
  PREDICT_QUERY,
  PREDICTION,
  PREDICTIONS,
  predictionsText,
  timeoutOf,
} from '../wire/predict.ts';
import { MODEL_PARAMS } from './models.ts';

export interface PredictDeps {
  readonly predict: Predict;
  /** Bounds the bodies of online requests in this process. */
  readonly onlineBodies: HeldBytes;
}

export const PREDICT_LIMIT = {
  bytes: 16 * MB,
  advice: 'Send fewer rows at once, name large files by URL, or submit a job.',
};

const TYPES = [JSON_TYPE, 'image/*', 'audio/*', 'application/octet-stream', 'text/plain'];

export const PREDICT_PROBLEMS: readonly ErrorCode[] = [
  'model_not_found',
  'invalid_model_config',
  'online_full',
  'no_worker',
  'worker_lost',
  'deadline_passed',
];

/** nginx's status for a client that has closed the connection. Nobody receives it, but the log shows it. */
export const CLIENT_LEFT = 499;

export function mountPredict(target: MountTarget, deps: PredictDeps): void {
  mount(
    target,
    {
      method: 'post',
      path: '/v1/models/{name}/predict',
      operationId: 'predict',
      tag: 'Models',
      access: 'models:predict',
      summary: 'Ask a model for answers at once',
      description:
        'The body is an image, a sound or a text, and the answer is one result. Or it is JSON with rows, and the answer is a list with a result or an error for each row. Options of the task go into the query, or into `options` of JSON. A file that fails is answered as a problem with the code of a row (see docs/errors.md).',
      params: MODEL_PARAMS,
      query: PREDICT_QUERY,
      body: {
        schema: PREDICT_BODY,
        limit: PREDICT_LIMIT,
        types: TYPES,
        parse: parsePredict,
        held: deps.onlineBodies,
      },
      success: [
        {
          status: 200,
          description: 'The answer.',
          headers: { 'Server-Timing': '`lane`: how long lanes worked on the batches of the rows, in ms.' },
          content: { 'application/json': z.union([PREDICTIONS, PREDICTION]) },
        },
      ],
      problems: PREDICT_PROBLEMS,
    },
    async ({ c, caller, params, query, body }) => {
      const client = waitingCaller(c);
      const { timeout_ms, priority, ...options } = query;
      const request = {
        model: params.name,
        input: body.input,
        options: { ...options, ...body.options },
        timeoutMs: timeoutOf(timeout_ms, body.timeoutMs),
        priority: body.priority ?? priority,
        tenant: caller.tenant,
      };
      let found: OnlineRows;
      try {
        found = await deps.predict(request, client);
      } catch (error) {
        if (client.state === 'gone') return new Response(null, { status: CLIENT_LEFT });
        throw error;
      }
      const { rows, laneMs } = found;
      if (body.ids !== null) return answer(predictionsText(rows, body.ids), laneMs);
      const [only] = rows;
      if (only!.ok) return answer(`{${only!.result}}\n`, laneMs);
      throw new ForebayError(only!.error.code, only!.error.message);
    },
  );
}

function answer(text: string, laneMs: number): Response {
  const headers = { 'Content-Type': 'application/json', 'Server-Timing': `lane;dur=${laneMs}` };
  return new Response(text, { headers });
}
