/**
 * The operators of a plan. The logical plan describes what happens to a row. The physical plan describes which process
 * does it and what is fused. Pure.
 */
import { openersOf } from './row-openers.ts';
import { providerName } from '../../shared/domain/model/execution-providers.ts';
import type { ModelConfig } from '../../shared/domain/model/model-config.ts';
import type { TaskSteps } from '../../shared/tasks/task-description.ts';
import { taskOf } from '../../shared/tasks/task-descriptions.ts';
import type { PlanWire } from '../http/wire/plan.ts';
import type { PlanFacts } from './facts.ts';

export function logicalPlan(facts: PlanFacts): PlanWire['logical'] {
  const { prepare, answer } = stepsOf(facts);
  return [
    { operator: 'read', does: READS[facts.dataset.type] },
    ...prepare,
    { operator: 'infer', does: `${facts.model.name}, ${KINDS[facts.config?.kind ?? 'onnx']}` },
    { operator: 'postprocess', does: answer },
    { operator: 'write', does: 'one part per block, as JSON lines, published and committed once' },
  ];
}

const KINDS = { onnx: 'ONNX', predictor: 'code of its own', pipeline: 'a pipeline' } as const;

function stepsOf({ config, options }: PlanFacts): TaskSteps {
  return taskOf(config).steps(config, options);
}

const READS = {
  files: 'files below a folder, in the order of their paths',
  manifest: 'paths and URLs of a manifest, in its order',
  jsonl: 'records of a JSONL file, in its order',
  csv: 'rows of a CSV file, in its order',
  archive: 'members of archives, in their order',
  parquet: 'rows of a Parquet file, in its order',
  urls: 'URLs of the request, in their order',
  inline: 'rows of the request, in their order',
  failed: 'rows that failed in an output, in their order',
} as const;

export function physicalPlan(facts: PlanFacts): PlanWire['physical'] {
  const { opened, fetched } = openersOf(facts);
  const workers = facts.workers.length === 0 ? null : facts.workers.length;
  const lanes = workers === null ? null : facts.workers.reduce((sum, { served }) => sum + served.lanes, 0);
  const prepare = stepsOf(facts).prepare.map(({ operator }) => operator);
  const inLane = [...prepare, 'infer', 'postprocess'];
  const read = fetched === null ? [] : [fetched.operator];
  return {
    stages: [
      {
        where: 'api',
        processes: 1,
        operators: ['enumerate', 'split into blocks'],
        fused: true,
        why: 'one cursor per job moves only when blocks find room, so rows are never all in memory',
      },
      {
        where: 'worker',
        processes: workers,
        operators: [...read, 'batch'],
        fused: false,
        why: 'a batch takes rows of any block, so it is filled before a lane is chosen',
      },
      {
        where: 'lane',
        processes: lanes,
        operators: [...(opened ? ['read'] : []), ...inLane],
        fused: true,
        why:
          `same pool ("${facts.model.pool}"), same compute (${compute(facts.config)}), same batch: ` +
          `${opened ? 'a path' : 'compressed bytes'} in, answers out, no tensor between processes`,
      },
      {
        where: 'worker',
        processes: workers,
        operators: ['write', 'commit'],
        fused: true,
        why: 'a part is published and counted together, once',
      },
    ],
    not_fused: [
      {
        operator: 'enumerate',
        with: 'read',
        why: 'blocks go to any worker through the queue, and reading waits while the queue is full',
      },
      ...(fetched === null
        ? []
        : [{ operator: fetched.operator, with: prepare[0] ?? 'infer', why: fetched.why }]),
      {
        operator: 'write',
        with: 'postprocess',
        why: 'it needs the whole block, whose rows came from several batches and lanes',
      },
    ],
  };
}

function compute(config: ModelConfig | null): string {
  const first = providerName(config?.execution_providers[0] ?? 'cpu');
  return first === 'cpu' ? 'CPU' : `${first}, while the CPU of the same lane decodes`;
}
