/** Heads in the style of DETR: one output holds boxes, another one holds a number for each box and class. */
import { describeTensor, isFloat, rankOf, type GraphTensor } from '../../../../shared/models/graph-tensor.ts';
import { floatRows } from '../rows-of-output.ts';
import { addBox, boxForm } from './add-box.ts';
import { checkLabels, needOutput } from './box-outputs.ts';
import type { Candidates } from './candidates.ts';
import { createClassScores } from './class-scores-of-box.ts';
import type { DetectionHead, HeadParts } from './head.ts';
import { mismatch } from '../../../../shared/models/mismatch.ts';

/** Throws ForebayError `config_mismatch`. */
export function bindDetrHead({ config, outputs, labels, input, fixedBatch }: HeadParts): DetectionHead {
  const boxes = needOutput(config, outputs, {
    role: 'boxes',
    fits: (one) => isFloat(one) && rankOf(one) === 3 && endsWith(one, 4),
    usual: /box/i,
    what: 'head "detr" reads boxes from an output of floats [batch, boxes, 4]',
  });
  const scores = needOutput(
    config,
    outputs.filter((output) => output !== boxes),
    {
      role: 'scores',
      fits: (one) => isFloat(one) && rankOf(one) === 3,
      usual: /logit|score|class|prob/i,
      what: 'head "detr" reads scores from an output of floats [batch, boxes, classes]',
    },
  );
  const form = boxForm(config, input, 'cxcywh', 'fraction');

  /** DETR itself has a last class for "no object". */
  function hasNoObject(classes: number): boolean {
    return activation(classes) === 'softmax' && classes !== labels?.length;
  }

  function activation(classes: number) {
    return config.activation ?? (classes - 1 === labels?.length ? 'softmax' : null);
  }

  function check(classes: number): void {
    const tensor: GraphTensor = { ...scores, shape: [...scores.shape.slice(0, -1), classes] };
    if (activation(classes) === null) {
      throw mismatch(
        'nothing says how the numbers of the classes become scores',
        `the graph's output is ${describeTensor(tensor)}`,
        `set "activation" in model.json to "sigmoid" (independent logits, as in RT-DETR), "softmax" (logits, as in DETR) or "none" (scores already)`,
      );
    }
    checkLabels(labels, hasNoObject(classes) ? classes - 1 : classes, tensor);
  }

  const classes = scores.shape[2];
  if (typeof classes === 'number') check(classes);

  return {
    outputs: [boxes, scores],
    open(all, rows) {
      const batch = fixedBatch ?? rows;
      const boxRows = floatRows(all[boxes.name]!, rows, batch, 3);
      const scoreRows = floatRows(all[scores.name]!, rows, batch, 3);
      const [, count, width] = all[scores.name]!.dims as [number, number, number];
      if (all[boxes.name]!.dims[1] !== count) {
        throw new Error(`the graph returned ${all[boxes.name]!.dims[1]} boxes, but scores of ${count}`);
      }
      const ofBox = createClassScores(activation(width) ?? 'none', width, hasNoObject(width));
      return {
        collect(row, threshold, into: Candidates) {
          const at = boxRows[row]!;
          let from = 0;
          const take = (score: number, label: number) =>
            addBox(into, form, [at[from]!, at[from + 1]!, at[from + 2]!, at[from + 3]!], score, label);
          for (let box = 0; box < count; box++, from += 4) {
            ofBox(scoreRows[row]!, box * width, threshold, into, take);
          }
        },
        numbers(row) {
          const joined = new Float32Array(boxRows[row]!.length + scoreRows[row]!.length);
          joined.set(boxRows[row]!);
          joined.set(scoreRows[row]!, boxRows[row]!.length);
          return joined;
        },
      };
    },
    check: (all) => check(all[scores.name]!.dims.at(-1)!),
  };
}

function endsWith({ shape }: GraphTensor, wanted: number): boolean {
  const last = shape.at(-1);
  return typeof last !== 'number' || last === wanted;
}
