/** One model as a list of facts for people. Pure. */
import type { ModelWire } from '../../api/http/wire/model.ts';
import { describeTensor, type GraphTensor } from '../../shared/models/graph-tensor.ts';
import { modelTitle } from '../../shared/models/version-name.ts';
import { formatBytes } from '../../shared/text/bytes.ts';
import { inCliTerms } from '../cli-terms.ts';
import { table } from '../jobs/table.ts';
import { formatCounted } from '../progress/format.ts';

/** `versions`: all models with the same name. */
export function modelText(model: ModelWire, versions: readonly ModelWire[]): string {
  const { inputs = [], outputs = [] } = (model.graph ?? {}) as {
    inputs?: readonly GraphTensor[];
    outputs?: readonly GraphTensor[];
  };
  const named = [...new Set(versions.flatMap(({ version }) => version ?? []))];
  const { memory, batch_invariance: batches, problem } = model;
  const facts: (readonly [string, string | null])[] = [
    ['model', modelTitle(model)],
    ['versions', named.length === 0 ? null : named.map((one) => inList(one, versions)).join(', ')],
    ['aliases', model.aliases.length === 0 ? null : model.aliases.join(', ')],
    ['status', model.status],
    ['problem', problem && `${problem.code}: ${inCliTerms(problem.message)}`],
    ['task', model.task],
    ['hash', model.hash],
    ['pool', model.pool],
    ['lanes', `${model.lanes} on ${formatCounted(model.workers, 'worker')}`],
    ['batch', model.batch_size === null ? null : formatCounted(model.batch_size, 'row')],
    ['providers', model.providers?.join(', ') ?? null],
    ...inputs.map((tensor) => ['input', describeTensor(tensor)] as const),
    ...outputs.map((tensor) => ['output', describeTensor(tensor)] as const),
    [
      'memory',
      memory && `${formatBytes(memory.model_bytes)}, and ${formatBytes(memory.batch_bytes)} per batch`,
    ],
    ['batches', batches && (batches.advice ?? batches.verdict)],
    ['tuned', model.tuned_at],
  ];
  const lines = facts.flatMap(([name, value]) => (value === null ? [] : [[name, value]]));
  const config = model.config === null ? '' : `\n${JSON.stringify(model.config, null, 2)}\n`;
  return table(lines) + config;
}

function inList(version: string, versions: readonly ModelWire[]): string {
  return versions.some((one) => one.version === version && one.latest) ? `${version} (latest)` : version;
}
