/** Fills gaps in the files beside a graph with what Ultralytics wrote into the graph's metadata. Pure. */
import type { GraphFace } from '../../shared/models/onnx-graph.ts';
import type { Preprocess } from '../../shared/tasks/image/preprocess.ts';
import { sizeText } from '../../shared/tasks/image/size-text.ts';
import { labelsFrom, type Surroundings } from './surroundings.ts';
import { readUltralytics } from './ultralytics.ts';
import { counted } from '../../shared/text/counted.ts';

const NAMES = "the graph's metadata (names)";
const SIZE = "the graph's metadata (task, imgsz)";

export function withGraphFacts(beside: Surroundings, face: GraphFace): Surroundings {
  const facts = readUltralytics(face);
  if (facts === null) return beside;
  const taken = [...beside.taken];
  const labels = beside.labels ?? labelsFrom(facts.names, NAMES);
  if (labels?.source === NAMES)
    taken.push(`labels: ${counted(labels.names.length, 'name')}, taken from ${NAMES}`);
  const { size } = facts;
  if (facts.task !== 'classify' || size === null || beside.hasProcessor) return { ...beside, labels, taken };
  const preprocess = ofClassifier(size);
  taken.push(
    `preprocess.resize ${sizeText(preprocess.resize)}, crop ${sizeText(size)}, RGB from 0 to 1: as Ultralytics classifies, taken from ${SIZE}`,
  );
  return { ...beside, labels, preprocess, taken };
}

/** For a square input, `resize` is the shorter side of the image. Otherwise the image is stretched. */
function ofClassifier(size: Preprocess['crop']): Partial<Preprocess> & { resize: Preprocess['crop'] } {
  return {
    resize: size,
    crop: size,
    interpolation: 'bilinear',
    color_order: 'rgb',
    rescale: 1 / 255,
    mean: [0],
    std: [1],
  };
}
