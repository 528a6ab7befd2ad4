/**
 * Heads that end in non-maximum suppression. They return the best boxes, each with one score and one class. These are
 * in one tensor of six numbers per box, or in separate outputs.
 */
import { describeAll, isFloat, rankOf, type GraphTensor } from '../../../../shared/models/graph-tensor.ts';
import type { Outputs } from '../tensors.ts';
import { addBox, boxForm } from './add-box.ts';
import { findOutput, isNumber, needOutput, type OutputRole, type RoleSearch } from './box-outputs.ts';
import type { Candidates } from './candidates.ts';
import { NAN_SCORE, type DetectionHead, type HeadParts } from './head.ts';
import { numberRows } from '../rows-of-output.ts';
import { mismatch } from '../../../../shared/models/mismatch.ts';

interface NmsOutputs {
  readonly boxes: GraphTensor;
  /** Null: `boxes` also holds score and class. */
  readonly scores: GraphTensor | null;
  /** Null: `boxes` also holds the class, or all boxes are of the only class. */
  readonly labels: GraphTensor | null;
  /** Null: all boxes count. */
  readonly count: GraphTensor | null;
}

const TOGETHER = 6;

/** Throws ForebayError `config_mismatch`. */
export function bindNmsHead({ config, outputs, labels: names, input, fixedBatch }: HeadParts): DetectionHead {
  const found = findOutputs(config, outputs, names, fixedBatch === 1);
  const form = boxForm(config, input, 'xyxy', 'pixels');
  const used = [found.boxes, found.scores, found.labels, found.count].filter((output) => output !== null);

  function open(all: Outputs, rows: number) {
    const batch = fixedBatch ?? rows;
    const read = (output: GraphTensor | null) =>
      output === null ? null : numberRows(all[output.name]!, rows, batch, output.name);
    const boxes = read(found.boxes)!;
    const scores = read(found.scores);
    const labels = read(found.labels);
    const counts = read(found.count);
    const width = scores === null ? TOGETHER : 4;
    const { dims } = all[found.boxes.name]!;
    if (dims.at(-1) !== width) {
      throw new Error(`the graph returned [${dims.join(',')}] instead of boxes of ${width} numbers`);
    }

    return {
      collect(row: number, threshold: number, into: Candidates) {
        const numbers = boxes[row]!;
        const most = Math.floor(numbers.length / width);
        const count = Math.min(most, counts?.[row]?.[0] ?? most);
        for (let box = 0, at = 0; box < count; box++, at += width) {
          const score = scores === null ? numbers[at + 4]! : scores[row]![box]!;
          if (score >= threshold) {
            const label = scores === null ? numbers[at + 5]! : (labels?.[row]?.[box] ?? 0);
            const corners = [numbers[at]!, numbers[at + 1]!, numbers[at + 2]!, numbers[at + 3]!] as const;
            addBox(into, form, corners, score, Math.round(label));
          } else if (!(score < threshold)) into.reject(NAN_SCORE);
        }
      },
      numbers: (row: number) =>
        Float32Array.from([boxes, scores, labels].flatMap((some) => (some === null ? [] : [...some[row]!]))),
    };
  }

  return { outputs: used, open, check: (all) => void open(all, 1) };
}

/** `single`: the graph takes one image per call, so its outputs may lack the dimension of the batch. */
function findOutputs(
  config: HeadParts['config'],
  outputs: readonly GraphTensor[],
  names: readonly string[] | null,
  single: boolean,
): NmsOutputs {
  const rank = (wanted: number) => (output: GraphTensor) =>
    rankOf(output) === wanted || (single && rankOf(output) === wanted - 1);
  const isBoxes = (width: number, role: OutputRole): RoleSearch['fits'] => {
    return (one) => isFloat(one) && rank(3)(one) && lastIs(one, width, one.name === config.outputs?.[role]);
  };
  const together = findOutput(config, outputs, {
    role: 'predictions',
    fits: isBoxes(TOGETHER, 'predictions'),
    usual: /^output0?$|detections/,
    what: 'head "nms" reads boxes with score and class from an output of floats [batch, boxes, 6]',
  });
  if (together !== null && config.outputs?.boxes === undefined) {
    return { boxes: together, scores: null, labels: null, count: null };
  }
  const what =
    'head "nms" reads an output [batch, boxes, 6], or outputs for boxes [batch, boxes, 4], scores [batch, boxes] and classes [batch, boxes]';
  const boxes = needOutput(config, outputs, {
    role: 'boxes',
    fits: isBoxes(4, 'boxes'),
    usual: /box/i,
    what,
  });
  const rest = (...taken: readonly (GraphTensor | null)[]) => outputs.filter((one) => !taken.includes(one));
  const isList = rank(2);
  const isCount = ({ name }: GraphTensor) => /num|count/i.test(name);
  const labels = findOutput(config, rest(boxes), {
    role: 'labels',
    fits: (one) =>
      isNumber(one) &&
      isList(one) &&
      !isCount(one) &&
      (one.name === config.outputs?.labels || /label|class|cls|categ/i.test(one.name) || !isFloat(one)),
    usual: /label|class/i,
    what,
  });
  const scores = needOutput(config, rest(boxes, labels), {
    role: 'scores',
    fits: (one) => isFloat(one) && isList(one) && !isCount(one),
    usual: /score|conf|prob/i,
    what,
  });
  if (labels === null && names?.length !== 1) {
    throw mismatch(
      'nothing says which output holds the classes of the boxes',
      `the graph has ${describeAll(outputs)}`,
      `name it in model.json as "outputs": {"labels": ...}, or give a labels file of one name`,
    );
  }
  const count = findOutput(config, rest(boxes, labels, scores), {
    role: 'count',
    fits: (one) => isNumber(one) && rankOf(one) <= 2 && (one.name === config.outputs?.count || isCount(one)),
    usual: /num|count/i,
    what,
  });
  return { boxes, scores, labels, count };
}

/** Whether the last dimension is that wide, as far as the graph says. `named`: whether the config names this output. */
function lastIs({ name, shape }: GraphTensor, width: number, named: boolean): boolean {
  const last = shape.at(-1);
  return typeof last === 'number' ? last === width : named || (width === 4 && /box/i.test(name));
}
