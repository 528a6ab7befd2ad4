/** Images in, the pixels of each class out. */
import {
  IMAGE_SEGMENTATION,
  type ImageSegmentationOptions,
} from '../../../shared/tasks/image-segmentation.ts';
import { inputSize } from '../../../shared/tasks/image/preprocess.ts';
import { configOf } from '../../../shared/tasks/model-config-schema.ts';
import { bindImageInput } from '../image/image-input.ts';
import { imageBatch } from './image-batch.ts';
import { readLabels } from './read-labels.ts';
import { bindSegmentOutput } from './segmentation/segment-output.ts';
import { createSegmentText } from './segmentation/segment-text.ts';
import type { Task } from './task.ts';

export const imageSegmentation: Task = {
  id: IMAGE_SEGMENTATION.id,
  bind({ config: given, graph, files }, services) {
    const config = configOf(IMAGE_SEGMENTATION, given);
    const images = bindImageInput(config.preprocess, graph.inputs, services);
    const { input, layout, fixedBatch, notes } = images;
    const labels = readLabels(files);
    const maps = bindSegmentOutput({
      config,
      outputs: graph.outputs,
      labels,
      layout,
      input: inputSize(config.preprocess),
      fixedBatch,
    });
    const toText = createSegmentText(labels, maps.hasScores);
    return {
      used: { inputs: [input], outputs: [maps.output] },
      fixedBatch,
      notes,
      probeRows: () => images.probeRows(),
      open(rows, options) {
        const { decode, threshold } = options as ImageSegmentationOptions;
        const batch = images.open(rows, decode);
        return imageBatch(input, batch, (outputs, positions) => {
          const geometries = positions.map((at) => batch.geometryOf(at));
          return maps
            .segments(outputs, geometries, threshold ?? config.threshold)
            .map((segments, row) => toText(segments, geometries[row]!.source));
        });
      },
      numbers: (outputs, rows) => maps.numbers(outputs, rows),
      check: (outputs) => maps.check(outputs),
    };
  },
};
