/** Takes texts. Answers with their entities: the parts that the model has labelled. */
import { configOf } from '../../../shared/tasks/model-config-schema.ts';
import {
  TOKEN_CLASSIFICATION,
  type TokenClassificationOptions,
} from '../../../shared/tasks/token-classification.ts';
import { bindTextInput } from '../text/text-input.ts';
import { createEntityFinder } from './entities/find-entities.ts';
import { bindTokenOutput } from './entities/token-output.ts';
import { readLabels } from './read-labels.ts';
import type { Task, TaskBatch } from './task.ts';

export const tokenClassification: Task = {
  id: TOKEN_CLASSIFICATION.id,
  bind({ config: given, graph, files }, services) {
    const config = configOf(TOKEN_CLASSIFICATION, given);
    const texts = bindTextInput({
      config,
      inputs: graph.inputs,
      files,
      services,
      pairs: false,
      offsets: true,
    });
    const { inputs, fixedBatch } = texts;
    const labels = readLabels(files) ?? [];
    const scores = bindTokenOutput(config, labels.length, graph.outputs);
    const finder = createEntityFinder(labels, config.ignore_labels);

    function open(rows: number, { aggregation, threshold }: TokenClassificationOptions): TaskBatch {
      const batch = texts.open(rows, '');
      const asked = { aggregation: aggregation ?? config.aggregation, threshold };
      return {
        ...batch,
        answers: (outputs, positions) =>
          scores
            .of(outputs, positions.length)
            .map((found, i) => finder.answer(found, batch.offsets(positions[i]!)!, asked)),
      };
    }

    return {
      used: { inputs, outputs: [scores.output] },
      fixedBatch,
      notes: [],
      probeRows: () => texts.probeRows(),
      open: (rows, options) => open(rows, options as TokenClassificationOptions),
      numbers: (outputs, rows) => scores.sample(outputs, rows),
      check: (outputs) => scores.check(outputs),
    };
  },
};
