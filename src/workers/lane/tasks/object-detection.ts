/** Images in, boxes around objects out. */
import type { RowOutcome } from '../../../shared/domain/row.ts';
import { iouThresholdOf } from '../../../shared/tasks/detection/detection-config.ts';
import { configOf } from '../../../shared/tasks/model-config-schema.ts';
import { OBJECT_DETECTION, type ObjectDetectionOptions } from '../../../shared/tasks/object-detection.ts';
import { inputSize } from '../../../shared/tasks/image/preprocess.ts';
import { bindImageInput } from '../image/image-input.ts';
import { bindSideInputs } from '../image/side-inputs.ts';
import { createCandidates } from './detection/candidates.ts';
import { chooseBoxes } from './detection/choose-boxes.ts';
import { createDetectionText } from './detection/detection-text.ts';
import { bindDetrHead } from './detection/detr-head.ts';
import type { DetectionHead, HeadParts } from './detection/head.ts';
import { bindMapHead } from './detection/map-head.ts';
import { bindNmsHead } from './detection/nms-head.ts';
import { bindYoloHead } from './detection/yolo-head.ts';
import { imageBatch } from './image-batch.ts';
import { readLabels } from './read-labels.ts';
import type { Task } from './task.ts';
import type { Outputs } from './tensors.ts';

export const objectDetection: Task = {
  id: OBJECT_DETECTION.id,
  bind({ config: given, graph, files }, services) {
    const config = configOf(OBJECT_DETECTION, given);
    const size = inputSize(config.preprocess);
    const side = bindSideInputs(config.inputs, graph.inputs, size);
    const images = bindImageInput(config.preprocess, side.rest, services);
    const { input, fixedBatch, notes } = images;
    const labels = readLabels(files);
    const head = bindHead({
      config,
      outputs: graph.outputs,
      labels,
      input: size,
      fixedBatch,
    });
    const iouThreshold = iouThresholdOf(config);
    const toText = createDetectionText(labels);
    const found = createCandidates();
    return {
      used: { inputs: [input, ...side.inputs], outputs: head.outputs },
      fixedBatch,
      notes,
      probeRows: () => images.probeRows(),
      open(rows, options) {
        const { top_k, decode, threshold } = options as ObjectDetectionOptions;
        const batch = images.open(rows, decode);
        const beside = (positions: readonly number[]) =>
          side.feeds(positions.map((at) => batch.geometryOf(at)));
        return imageBatch(input, batch, answers, beside);

        function answers(outputs: Outputs, positions: readonly number[]): RowOutcome[] {
          const boxes = head.open(outputs, positions.length);
          return positions.map((at, row) => {
            found.clear();
            boxes.collect(row, threshold ?? config.threshold, found);
            if (found.problem !== null) {
              return { ok: false, error: { code: 'inference_failed', message: found.problem } };
            }
            return toText(chooseBoxes(found, batch.geometryOf(at), top_k, iouThreshold));
          });
        }
      },
      numbers(outputs, rows) {
        const boxes = head.open(outputs, rows);
        return Array.from({ length: rows }, (_, row) => boxes.numbers(row));
      },
      check: (outputs) => head.check(outputs),
    };
  },
};

function bindHead(parts: HeadParts): DetectionHead {
  switch (parts.config.head) {
    case 'yolox':
    case 'yolov5':
    case 'yolov8':
      return bindYoloHead(parts);
    case 'detr':
      return bindDetrHead(parts);
    case 'nms':
      return bindNmsHead(parts);
    case 'map':
      return bindMapHead(parts);
  }
}
