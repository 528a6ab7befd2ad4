/** Accepts a job that continues an earlier one of the same output: a resume or a retry. */
import type { JobRecord } from '../../../shared/domain/job/job.ts';
import { InvariantError } from '../../../shared/errors.ts';
import type { WebhookQueue } from '../../../shared/queue/webhook-queue.ts';
import type { AskedModels } from '../../models/asked-model.ts';
import type { OutputResolver } from '../output/resolve-output.ts';
import type { AcceptJob, Candidate, PreparedJob } from './accept-job.ts';
import type { InputResolver } from './resolve-input.ts';

/** What resuming and retrying both need. */
export interface ContinuationDeps {
  models: Pick<AskedModels, 'again' | 'offer'>;
  input: Pick<InputResolver, 'adopt' | 'discard'>;
  output: OutputResolver;
  webhooks: Pick<WebhookQueue, 'secretOf'>;
  accept: AcceptJob;
}

export interface PreparedContinuation {
  /** Id of the earlier job. Once the new job is accepted, the spooled rows are kept only under the new job's id. */
  readonly from: string;
  readonly prepared: PreparedJob;
}

/** Rejects with the errors of `accept` and `prepare`. In that case the earlier job keeps its spooled rows. */
export async function acceptContinuation(
  { accept, input }: Pick<ContinuationDeps, 'accept' | 'input'>,
  candidate: Omit<Candidate, 'requestKey'>,
  prepare: () => Promise<PreparedContinuation>,
): Promise<JobRecord> {
  let from: string | null = null;
  const accepted = await accept({ ...candidate, requestKey: null }, async () => {
    const continuation = await prepare();
    from = continuation.from;
    return continuation.prepared;
  });
  if (!('job' in accepted)) {
    throw new InvariantError(`a request without a key repeats job ${accepted.repeated.job}`);
  }
  if (from !== null) await input.discard(from, candidate.by.tenant);
  return accepted.job;
}
