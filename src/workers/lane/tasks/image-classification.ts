/** Images in, the best classes out. */
import {
  IMAGE_CLASSIFICATION,
  type ImageClassificationOptions,
} from '../../../shared/tasks/image-classification.ts';
import { configOf } from '../../../shared/tasks/model-config-schema.ts';
import { bindImageInput } from '../image/image-input.ts';
import { bindClassOutput } from './class-output.ts';
import type { Task } from './task.ts';

export const imageClassification: Task = {
  id: IMAGE_CLASSIFICATION.id,
  bind({ config: given, graph, files }, services) {
    const config = configOf(IMAGE_CLASSIFICATION, given);
    const images = bindImageInput(config.preprocess, graph.inputs, services);
    const { input, fixedBatch, notes } = images;
    const classes = bindClassOutput(config, graph.outputs, files, fixedBatch);
    return {
      used: { inputs: [input], outputs: [classes.output] },
      fixedBatch,
      notes,
      probeRows: () => images.probeRows(),
      open(rows, options) {
        const { top_k, decode, threshold } = options as ImageClassificationOptions;
        const batch = images.open(rows, decode);
        return {
          prepare: (at, row) => batch.prepare(at, row),
          calls: (positions) => [positions],
          feeds: (positions) => ({ [input.name]: batch.feed(positions) }),
          answers: (outputs, { length }) => classes.answers(outputs, length, top_k, threshold),
          release: () => batch.release(),
        };
      },
      numbers: (outputs, rows) => classes.numbers(outputs, rows),
      check: (outputs) => classes.check(outputs),
    };
  },
};
