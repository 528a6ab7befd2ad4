/** Warns when the answers of a job depend on which rows share a batch. */
import type { SubmitBody } from '../../api/http/wire/submit-request.ts';
import type { Client } from '../../client/client.ts';

/** A line for people, or null. Never rejects, because a job can run without the warning. */
export async function batchWarning(
  api: Pick<Client, 'model'>,
  { model, options }: Pick<SubmitBody, 'model' | 'options'>,
): Promise<string | null> {
  // A row that is alone in its batch gets the same answer each time.
  if (options?.batch_size === 1 || model === undefined) return null;
  const found = await api.model(model).catch(() => null);
  const advice = found?.batch_invariance?.advice ?? null;
  return advice === null ? null : `Note: ${advice}.`;
}
