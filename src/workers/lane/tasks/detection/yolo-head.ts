/** The heads of the YOLO family. One tensor holds a box and its scores for each place of some grids. */
import { describeTensor, isFloat, rankOf, type GraphTensor } from '../../../../shared/models/graph-tensor.ts';
import { floatRows } from '../rows-of-output.ts';
import type { Outputs } from '../tensors.ts';
import { boxForm } from './add-box.ts';
import { checkLabels, needOutput } from './box-outputs.ts';
import type { DetectionHead, HeadParts } from './head.ts';
import { collectByAnchor, collectByField } from './yolo-boxes.ts';
import { createGrid, gridLength } from './yolo-grid.ts';
import { mismatch } from '../../../../shared/models/mismatch.ts';

/** Numbers of a box: its place and, for some heads, objectness. */
const WITH_OBJECTNESS = 5;
const WITHOUT = 4;
const STRIDES = [8, 16, 32];

/** Throws ForebayError `config_mismatch`. */
export function bindYoloHead({ config, outputs, labels, input, fixedBatch }: HeadParts): DetectionHead {
  const { head, strides = STRIDES } = config;
  const hasObjectness = head !== 'yolov8';
  const before = hasObjectness ? WITH_OBJECTNESS : WITHOUT;
  const output = needOutput(config, outputs, {
    role: 'predictions',
    fits: (one) => isFloat(one) && rankOf(one) === 3,
    usual: /^(output|output0|predictions)$/,
    what: `head "${head}" reads an output of floats ${hasObjectness ? '[batch, boxes, 5 + classes]' : '[batch, 4 + classes, boxes]'}`,
  });
  const form = boxForm(config, input, 'cxcywh', 'pixels');
  const grid = head === 'yolox' ? createGrid(input, strides) : null;

  /** Whether the numbers of a box are side by side. If not, each number has a line for all boxes. */
  function byAnchor([, first, second]: readonly (number | string)[]): boolean {
    if (hasObjectness) return true;
    const fields = before + (labels?.length ?? 0);
    return labels !== null && second === fields && first !== fields;
  }

  function check(dims: readonly number[]): void {
    const [, first, second] = dims as [number, number, number];
    const [anchors, fields] = byAnchor(dims) ? [first, second] : [second, first];
    const tensor: GraphTensor = { ...output, shape: dims };
    if (fields <= before || (!hasObjectness && labels === null && fields >= anchors)) {
      throw mismatch(
        `head "${head}" needs ${before} numbers and the scores of some classes for each box`,
        `the graph's output is ${describeTensor(tensor)}`,
        hintFor(dims) ?? 'choose another head',
      );
    }
    checkLabels(labels, fields - before, tensor, hintFor(dims));
    if (grid === null || anchors === grid.length) return;
    throw mismatch(
      `an input of ${input.width} x ${input.height} with strides ${strides.join(', ')} has ${gridLength(input, strides)} places`,
      `the graph's output ${describeTensor(tensor)} has ${anchors}`,
      'correct "strides" or preprocess.crop, or choose another head',
    );
  }

  if (output.shape.slice(1).every((dim) => typeof dim === 'number')) check(output.shape as number[]);
  const rowsOf = (all: Outputs, rows: number) => floatRows(all[output.name]!, rows, fixedBatch ?? rows, 3);

  return {
    outputs: [output],
    open(all, rows) {
      const { dims } = all[output.name]!;
      const numbers = rowsOf(all, rows);
      const [, first, second] = dims as [number, number, number];
      const collect = byAnchor(dims)
        ? collectByAnchor({ anchors: first, fields: second, before, grid, form })
        : collectByField({ anchors: second, fields: first, form });
      return {
        collect: (row, threshold, into) => collect(numbers[row]!, threshold, into),
        numbers: (row) => numbers[row]!,
      };
    },
    check: (all) => check(all[output.name]!.dims),
  };
}

/** Models that end in non-maximum suppression return few boxes of six numbers. */
function hintFor([, first, second]: readonly number[]): string | undefined {
  return second === 6 && first! <= 1000
    ? 'did you mean head "nms"? Its boxes have one score and one class'
    : undefined;
}
