/** What a plan is made from, gathered by create-plan.ts. Types only. */
import type { DatasetSpec } from '../../shared/domain/dataset-spec.ts';
import type { JobOptions } from '../../shared/domain/job.ts';
import type { ModelConfig, ModelRef } from '../../shared/domain/model-config.ts';
import type { SampleAnswer } from '../../shared/queue/sample-requests.ts';
import type { ServedModel, WorkerInfo } from '../../shared/queue/worker-registry.ts';
import type { SubmitRequest } from '../http/wire/submit-request.ts';

export interface PlanFacts {
  readonly model: ModelRef;
  /** Null where only workers know the model. */
  readonly config: ModelConfig | null;
  readonly dataset: DatasetSpec;
  /** As asked: null is automatic. */
  readonly asked: Pick<SubmitRequest['options'], 'batch_size' | 'block_rows' | 'concurrency'>;
  /** As the job would run with them. */
  readonly options: JobOptions;
  /** The output holds parts of an earlier job, which this one would go on from. */
  readonly resumes: boolean;
  /** Live workers that serve the model. */
  readonly workers: readonly PlanWorker[];
  /** Why no worker serves it, where one tried. */
  readonly modelProblem: string | null;
  readonly configuredQueueLimit: number | undefined;
  /** Of one job; null: no limit. */
  readonly maxRows: number | null;
  readonly rows: RowsKnown;
  /** Where the bytes of the sample's rows are. */
  readonly rowKinds: Readonly<Record<RowKind, number>>;
}

export type RowKind = 'file' | 'url' | 'blob' | 'invalid';

export interface RowsKnown {
  readonly total: number | null;
  readonly atLeast: number;
  /** Why the total is not known. */
  readonly why: string | null;
}

export interface PlanWorker {
  readonly info: Pick<WorkerInfo, 'id' | 'host' | 'resources' | 'plan'>;
  readonly served: ServedModel;
  readonly answer: SampleAnswer;
}
