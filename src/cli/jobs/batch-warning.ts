/** Says when a job's answers depend on which rows happen to share a batch. */
import type { SubmitBody } from '../../api/http/wire/submit-request.ts';
import type { Client } from '../../client/client.ts';

/** A line for people; null where there is nothing to say. Never rejects: a job needs no warning to run. */
export async function batchWarning(
  api: Pick<Client, 'model'>,
  { model, options }: Pick<SubmitBody, 'model' | 'options'>,
): Promise<string | null> {
  // Alone in every call, a row's answer is the same each time.
  if (options?.batch_size === 1) return null;
  const found = await api.model(model).catch(() => null);
  const advice = found?.batch_invariance?.advice ?? null;
  return advice === null ? null : `Note: ${advice}.`;
}
