/** The facts for a plan. plan-job.ts gathers them. */
import type { DatasetSpec } from '../../shared/domain/dataset-spec.ts';
import type { JobOptions } from '../../shared/domain/job/job.ts';
import type { ModelConfig, ModelRef } from '../../shared/domain/model/model-config.ts';
import type { SampleAnswer } from '../../shared/queue/workers/sample-requests.ts';
import type { ServedModel, WorkerInfo } from '../../shared/queue/workers/worker-registry.ts';
import type { PlanWire } from '../http/wire/plan.ts';
import type { LeftOut } from '../jobs/create/columns/joined-columns.ts';
import type { SubmitRequest } from '../http/wire/submit-request.ts';

export interface PlanFacts {
  readonly model: ModelRef;
  /** Null if only workers of older versions know the model. */
  readonly config: ModelConfig | null;
  readonly dataset: DatasetSpec;
  /** The options as the request has them. Null: automatic. */
  readonly asked: Pick<SubmitRequest['options'], 'batch_size' | 'block_rows' | 'concurrency'>;
  /** The options that the job would run with. */
  readonly options: JobOptions;
  /** Whether the job would continue an earlier job whose parts the output holds. */
  readonly resumes: boolean;
  /** What a delta job would take over and compute. Null: the job is none. */
  readonly delta: PlanWire['delta'];
  /** Columns of the input that `join: true` does not take. */
  readonly leftOut: readonly LeftOut[];
  /** Live workers that have loaded the model. If the sample has no rows, also those in which it is unloaded. */
  readonly workers: readonly PlanWorker[];
  /** Why no worker has loaded the model. Null if `workers` is not empty, or if no worker announces a reason. */
  readonly modelProblem: string | null;
  readonly configuredQueueLimit: number | undefined;
  /** Maximum number of rows of a job. Null: no limit. */
  readonly maxRows: number | null;
  readonly rows: RowsKnown;
  /** The sample's rows, counted by where their bytes are. */
  readonly rowKinds: Readonly<Record<RowKind, number>>;
}

export type RowKind = 'file' | 'url' | 'blob' | 'record' | 'invalid';

export interface RowsKnown {
  readonly total: number | null;
  readonly atLeast: number;
  /** Why the total is not known. Null if it is known. */
  readonly why: string | null;
}

export interface PlanWorker {
  readonly info: Pick<WorkerInfo, 'id' | 'host' | 'resources' | 'plan'>;
  readonly served: ServedModel;
  readonly answer: SampleAnswer;
}
