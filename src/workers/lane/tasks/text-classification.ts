/** Takes texts or pairs of texts. Answers with the best classes. */
import { configOf } from '../../../shared/tasks/model-config-schema.ts';
import {
  TEXT_CLASSIFICATION,
  type TextClassificationOptions,
} from '../../../shared/tasks/text-classification.ts';
import { bindTextInput } from '../text/text-input.ts';
import { bindClassOutput } from './class-output.ts';
import type { Task } from './task.ts';

export const textClassification: Task = {
  id: TEXT_CLASSIFICATION.id,
  bind({ config: given, graph, files }, services) {
    const config = configOf(TEXT_CLASSIFICATION, given);
    const texts = bindTextInput({
      config,
      inputs: graph.inputs,
      files,
      services,
      pairs: true,
      offsets: false,
    });
    const { inputs, fixedBatch } = texts;
    const classes = bindClassOutput(config, graph.outputs, files, fixedBatch);
    return {
      used: { inputs, outputs: [classes.output] },
      fixedBatch,
      notes: [],
      probeRows: () => texts.probeRows(),
      open(rows, options) {
        const { top_k, threshold } = options as TextClassificationOptions;
        return {
          ...texts.open(rows, ''),
          answers: (outputs, { length }) => classes.answers(outputs, length, top_k, threshold),
        };
      },
      numbers: (outputs, rows) => classes.numbers(outputs, rows),
      check: (outputs) => classes.check(outputs),
    };
  },
};
