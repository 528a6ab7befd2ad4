/** Images in, vectors out. */
import { IMAGE_EMBEDDING, type ImageEmbeddingOptions } from '../../../shared/tasks/image-embedding.ts';
import { configOf } from '../../../shared/tasks/model-config-schema.ts';
import { bindImageInput } from '../image/image-input.ts';
import { bindImageVectors } from './embedding/image-vectors.ts';
import { createVectorText } from './embedding/vector-text.ts';
import { imageBatch } from './image-batch.ts';
import type { Task } from './task.ts';

export const imageEmbedding: Task = {
  id: IMAGE_EMBEDDING.id,
  bind({ config: given, graph }, services) {
    const config = configOf(IMAGE_EMBEDDING, given);
    const images = bindImageInput(config.preprocess, graph.inputs, services);
    const { input, layout, fixedBatch, notes } = images;
    const vectors = bindImageVectors(config, graph.outputs, layout, fixedBatch);
    const toText = createVectorText(config.normalize);
    return {
      used: { inputs: [input], outputs: [vectors.output] },
      fixedBatch,
      notes,
      probeRows: () => images.probeRows(),
      open(rows, options) {
        const { decode } = options as ImageEmbeddingOptions;
        return imageBatch(input, images.open(rows, decode), (outputs, positions) =>
          vectors.of(outputs, positions.length).map((vector) => toText(vector, null)),
        );
      },
      numbers: (outputs, rows) => vectors.of(outputs, rows),
      check: (outputs) => vectors.check(outputs),
    };
  },
};
