/** Asks a model for answers at once. */
import type {
  PredictBody,
  PredictionsWire,
  PredictionWire,
  PredictOptions,
} from '../api/http/wire/predict.ts';
import type { Transport } from './transport.ts';

export interface PredictSettings {
  /** How long to wait for the answer, in ms. Default: 30,000. */
  readonly timeoutMs?: number;
  /** From 1 (first) to 100. Default: 50. */
  readonly priority?: number;
  /** Aborting it cancels the request. */
  readonly signal?: AbortSignal;
}

export interface Predictor {
  /** Returns a result or an error for each row, in the order of the rows. */
  predict(
    model: string,
    body: PredictBody,
    options?: Pick<PredictSettings, 'signal'>,
  ): Promise<PredictionsWire>;
  /**
   * Returns the answer to one row: a text, or the bytes of an image or a sound. Rejects with ProblemError and the code of
   * the row if it fails.
   */
  predictOne(
    model: string,
    row: string | Uint8Array,
    options?: PredictOptions & PredictSettings,
  ): Promise<PredictionWire>;
}

export function createPredictor({ call }: Pick<Transport, 'call'>): Predictor {
  const pathOf = (model: string) => `/v1/models/${encodeURIComponent(model)}/predict`;
  return {
    predict: async (model, body, { signal } = {}) =>
      call(pathOf(model), {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
        ...(signal && { signal }),
      }),
    predictOne: async (model, row, { signal, timeoutMs, ...options } = {}) => {
      const query = new URLSearchParams();
      for (const [name, value] of Object.entries({ timeout_ms: timeoutMs, ...options }))
        if (value !== undefined) query.set(name, `${value as string | number}`);
      return call(`${pathOf(model)}?${query.toString()}`, {
        method: 'POST',
        headers: { 'Content-Type': typeof row === 'string' ? 'text/plain' : 'application/octet-stream' },
        body: row as NonNullable<RequestInit['body']>,
        ...(signal && { signal }),
      });
    },
  };
}
