/** Finds out what a detector's graph returns, from the names and shapes of its outputs. Pure. */
import { isFloat, rankOf } from '../../../../shared/models/graph-tensor.ts';
import type { GraphFace } from '../../../../shared/models/onnx-graph.ts';
import type { BoxFormat, HeadName } from '../../../../shared/tasks/detection/detection-config.ts';
import type { Size } from './input-size.ts';
import { findYoloHead } from './find-yolo-head.ts';

export interface FoundHead {
  readonly head: HeadName;
  /** What shows that the graph has this head, in words. */
  readonly why: string;
  readonly strides?: readonly number[];
  readonly box_format?: BoxFormat;
  readonly box_units?: 'pixels' | 'fraction';
}

export interface Clues {
  /** Null if the graph takes any size. */
  readonly size: Size | null;
  readonly labels: number | null;
  /** Whether Ultralytics exported the graph as a detector. */
  readonly isUltralytics: boolean;
  /** Whether the graph's metadata says that it ends in non-maximum suppression. */
  readonly isSuppressed: boolean;
}

/** Null if the outputs are not those of a detector, or do not show which head it has. */
export function findHead(face: GraphFace, clues: Clues): FoundHead | null {
  return findLists(face) ?? findDetr(face) ?? findYoloHead(face, clues);
}

/** Recognises outputs for boxes, their scores and their number. */
function findLists({ outputs }: GraphFace): FoundHead | null {
  const named = (name: RegExp) => outputs.find((output) => name.test(output.name));
  const [boxes, scores, count] = [named(/box/i), named(/score/i), named(/num|count/i)];
  if (boxes === undefined || scores === undefined || count === undefined) return null;
  const why = `the outputs "${boxes.name}", "${scores.name}" and "${count.name}"`;
  if (boxes.name.startsWith('detection_boxes')) {
    const said = `${why}, as in TensorFlow's models: boxes are top, left, bottom, right as fractions`;
    return { head: 'nms', why: said, box_format: 'yxyx', box_units: 'fraction' };
  }
  return rankOf(scores) <= 2 ? { head: 'nms', why } : null;
}

/** Recognises boxes in one output, and a number for each class in another. */
function findDetr({ outputs }: GraphFace): FoundHead | null {
  const threes = outputs.filter((output) => isFloat(output) && rankOf(output) === 3);
  const boxes = threes.filter(({ name, shape }) => /box/i.test(name) && canBe(shape[2], 4));
  const scores = threes.filter(({ name }) => /logit|score|class|prob/i.test(name));
  if (boxes.length !== 1 || scores.length !== 1) return null;
  return { head: 'detr', why: `the outputs "${boxes[0]!.name}" and "${scores[0]!.name}"` };
}

function canBe(dim: number | string | undefined, wanted: number): boolean {
  return typeof dim !== 'number' || dim === wanted;
}
