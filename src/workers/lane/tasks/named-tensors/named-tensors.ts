/** Named tensors in, named tensors out: the task that fits any graph. See docs/tasks/tensors.md. */
import { ForebayError, messageOf } from '../../../../shared/errors.ts';
import { configOf } from '../../../../shared/tasks/model-config-schema.ts';
import { TENSORS } from '../../../../shared/tasks/tensors.ts';
import type { Task } from '../task.ts';
import { bindTensors } from './bind-tensors.ts';
import { checkDefaults } from './default-inputs.ts';
import { probeFields } from './probe-values.ts';
import { rowNumbers, rowsOfOutput } from './row-outputs.ts';
import { createTensorBatches } from './tensor-batch.ts';

export const namedTensors: Task = {
  id: TENSORS.id,
  bind({ config, graph, files, defaults = [] }) {
    const own = configOf(TENSORS, config);
    checkDefaults(Object.keys(own.inputs), defaults, files.config);
    const bound = bindTensors(own, graph, files.config);
    const { inputs, outputs, fixedBatch, notes } = bound;
    const used = new Set(outputs.map(({ name }) => name));
    const open = createTensorBatches(bound, defaults);
    return {
      used: { inputs: graph.inputs, outputs: graph.outputs.filter(({ name }) => used.has(name)) },
      fixedBatch,
      notes,
      probeRows: () => ({
        rows: probeFields(inputs).map((madeUp) => ({ madeUp })),
        what: 'made-up inputs (if it needs certain values, give an "example" of each input in model.json)',
      }),
      open,
      numbers: (all, rows) => rowNumbers(outputs, all, rows, fixedBatch ?? rows),
      check(all) {
        try {
          for (const output of outputs) rowsOfOutput(output, all, fixedBatch ?? 1);
        } catch (error) {
          throw new ForebayError('config_mismatch', messageOf(error));
        }
      },
    };
  },
};
