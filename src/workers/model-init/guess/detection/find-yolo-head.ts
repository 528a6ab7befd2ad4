/** Tells the heads of the YOLO family apart by the shape of their first output. Pure. */
import { isFloat } from '../../../../shared/models/graph-tensor.ts';
import type { GraphFace } from '../../../../shared/models/onnx-graph.ts';
import { placesIn } from './input-size.ts';
import type { Clues, FoundHead } from './find-head.ts';

/** Pixels per cell of each grid. Most models have the first list. Models with one more grid (P6) have the second. */
const STRIDES = [
  [8, 16, 32],
  [8, 16, 32, 64],
];
/** YOLOv5 has three boxes per cell. */
const ANCHORS = 3;
/** A model that ends in non-maximum suppression returns few boxes, each with a score and a class. */
const SUPPRESSED = { fields: 6, most: 1_000 };
const WITH_OBJECTNESS = 5;
const WITHOUT = 4;

/** Null if the graph is not that of a YOLO model, or if the shape does not decide. */
export function findYoloHead(
  face: GraphFace,
  { size, labels, isUltralytics, isSuppressed }: Clues,
): FoundHead | null {
  const [output, ...others] = face.outputs;
  if (output === undefined || output.shape.length !== 3 || !isFloat(output)) return null;
  // Models that also return masks have a second output. Some numbers of their boxes are not class scores.
  if (others.some(({ shape }) => shape.length === 4)) return null;
  const [, first, second] = output.shape;
  const found = (head: FoundHead['head'], why: string) => ({ head, why: `"${output.name}" has ${why}` });
  for (const strides of size === null ? [] : STRIDES) {
    const places = placesIn(size!, strides);
    const grids = `places in the grids of ${strides.join(', ')} pixels`;
    if (second === places && isFields(first, WITHOUT, labels)) {
      return found('yolov8', `${places} ${grids}, and no objectness`);
    }
    if (first === places * ANCHORS && isFields(second, WITH_OBJECTNESS, labels)) {
      return found('yolov5', `${ANCHORS} boxes for each of ${places} ${grids}`);
    }
    if (first !== places || isUltralytics || !isFields(second, WITH_OBJECTNESS, labels)) continue;
    const isDecoded = [...face.operators.values()].some(({ type }) => type === 'Exp');
    const line = `${places} ${grids}, with objectness`;
    if (isDecoded) return found('yolov5', `${line}, and the graph decodes the boxes (Exp)`);
    const head = found('yolox', `${line}, and the graph does not decode the boxes`);
    return strides === STRIDES[0] ? head : { ...head, strides };
  }
  if (second === SUPPRESSED.fields && typeof first === 'number' && first <= SUPPRESSED.most) {
    return found('nms', `${first} boxes of 6 numbers`);
  }
  // If the graph takes images of any size, its dimensions may be free. Then the metadata decides.
  if (!isUltralytics || [first, second].every((dim) => typeof dim === 'number')) return null;
  if (isSuppressed) return canBe(second, SUPPRESSED.fields) ? found('nms', 'boxes after suppression') : null;
  return labels !== null && canBe(first, WITHOUT + labels)
    ? found('yolov8', `4 numbers and ${labels} classes for each box`)
    : null;
}

function canBe(dim: number | string | undefined, wanted: number): boolean {
  return typeof dim === 'string' || dim === wanted;
}

/** Whether a box can have this many numbers. `before`: how many of them precede the class scores. */
function isFields(fields: number | string | undefined, before: number, labels: number | null): boolean {
  if (typeof fields !== 'number' || fields <= before) return false;
  return labels === null || fields === before + labels;
}
