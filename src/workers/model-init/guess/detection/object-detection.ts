/** Guesses the config of an object detector. Pure. */
import { describeAll, type GraphTensor } from '../../../../shared/models/graph-tensor.ts';
import { DETR_ACTIVATIONS } from '../../../../shared/models/hugging-face/detection-settings.ts';
import type { GraphFace } from '../../../../shared/models/onnx-graph.ts';
import type { Activation } from '../../../../shared/tasks/classes/activation.ts';
import { HEADS } from '../../../../shared/tasks/detection/detection-config.ts';
import { nearestName } from '../../../../shared/text/nearest-name.ts';
import type { Hints } from '../../hints.ts';
import { readUltralytics } from '../../ultralytics.ts';
import { shownActivation, withReason } from '../shown-activation.ts';
import { BATCHING, mismatch, type ConfigGuess, type Guesser } from '../guesser.ts';
import { imageInput, IMAGES, isImage } from '../image/image-input.ts';
import { detectorPreprocess } from './detector-preprocess.ts';
import { findHead, type Clues, type FoundHead } from './find-head.ts';
import { inputSizeOf } from './input-size.ts';
import { counted } from '../../../../shared/text/counted.ts';

export const objectDetection: Guesser = {
  task: 'object-detection',
  takes: `an input ${IMAGES}, perhaps with pixel_mask, and outputs of boxes, as YOLO, DETR or a graph with suppression has them`,
  takesInputs: ({ inputs }) =>
    inputs.every((input) => isImage(input) || isMask(input)) && inputs.some(isImage),
  fits: (face, hints) => findHead(face, cluesOf(face, hints)) !== null,
  guess,
};

/** Exports of transformers mark the padding of a batch with such an input. */
const isMask = ({ name, shape }: GraphTensor) => name === 'pixel_mask' && shape.length === 3;

function cluesOf(face: GraphFace, { crop, labels, beside }: Hints): Clues {
  const ultralytics = readUltralytics(face);
  const image = face.inputs.find(isImage);
  return {
    size:
      image === undefined
        ? null
        : inputSizeOf(image, crop, beside.preprocess.crop, ultralytics?.size ?? null),
    // The names in the graph's metadata show the number of classes more reliably than files beside the graph.
    labels: ultralytics?.names?.length ?? labels?.names.length ?? null,
    isUltralytics: ultralytics?.task === 'detect',
    isSuppressed: ultralytics?.isSuppressed === true,
  };
}

function guess(face: GraphFace, name: string, hints: Hints): ConfigGuess {
  const input = imageInput(face, `a detector has an input ${IMAGES}, and outputs of boxes`);
  const facts = [...input.facts, `outputs ${describeAll(face.outputs)}`];
  const guesses: string[] = [];
  const clues = cluesOf(face, hints);
  const { why, ...found } = headOf(face, hints, clues, facts);
  if (why !== '') guesses.push(`head "${found.head}": ${why}; --head chooses another one`);
  const preprocess = detectorPreprocess(input, { head: found.head, ...clues }, hints, guesses);
  const activation = found.head === 'detr' ? detrActivation(face, hints, facts) : undefined;
  const mask = face.inputs.find(isMask);
  const hasLabels = areFitting(hints, clues, guesses);
  const config = {
    name,
    task: 'object-detection',
    preprocess,
    ...found,
    ...(hasLabels ? { labels: 'labels.txt' } : {}),
    ...(mask === undefined ? {} : { inputs: { mask: mask.name } }),
    ...(activation === undefined ? {} : { activation }),
    batching: BATCHING,
  };
  return { config, facts, guesses };
}

function areFitting({ labels }: Hints, clues: Clues, guesses: string[]): boolean {
  if (labels === null) {
    guesses.push(
      'labels: none; put class names into labels.txt, one per line, and add "labels": "labels.txt"',
    );
    return false;
  }
  const { names, source } = labels;
  if (names.length === clues.labels) return true;
  guesses.push(
    `labels: none; ${source} has ${counted(names.length, 'name')}, but the graph's metadata has ${clues.labels}`,
  );
  return false;
}

/** Throws ForebayError `config_mismatch` if the flag must decide, or names no head. */
function headOf(face: GraphFace, hints: Hints, clues: Clues, facts: string[]): FoundHead {
  const { head: asked, labels } = hints;
  const found = findHead(face, clues);
  if (asked === undefined && found !== null) return found;
  if (asked === undefined) {
    const names =
      labels === null ? '' : `, with the ${counted(labels.names.length, 'name')} of ${labels.source},`;
    throw mismatch(
      `nothing shows what the outputs ${describeAll(face.outputs)}${names} hold: pass --head ${HEADS.join('|')} (docs/tasks/images.md describes them)`,
    );
  }
  const head = HEADS.find((one) => one === asked);
  if (head === undefined) {
    const near = nearestName(asked, HEADS);
    const hint = near === null ? '' : `did you mean "${near}"? `;
    throw mismatch(`there is no head "${asked}"; ${hint}--head is one of ${HEADS.join(', ')}`);
  }
  facts.push(`head "${head}": --head says so`);
  return found?.head === head ? { ...found, why: '' } : { head, why: '' };
}

/** Throws ForebayError `config_mismatch` if the flag must decide. */
function detrActivation(face: GraphFace, hints: Hints, facts: string[]): Activation {
  const { activation, labels, beside } = hints;
  const scores = face.outputs.find(({ name, shape }) => shape.length === 3 && !/box/i.test(name));
  const shown = shownActivation(face, scores, activation, facts);
  if (shown !== null) return shown;
  const known = DETR_ACTIVATIONS.get(beside.architecture ?? '');
  if (known !== undefined) return withReason(known, `taken from config.json (${beside.architecture})`, facts);
  const classes = scores?.shape[2];
  if (labels !== null && classes === labels.names.length + 1) {
    return withReason(
      'softmax',
      'the scores have one class more than there are labels, for "no object"',
      facts,
    );
  }
  throw mismatch(
    'nothing says how the numbers of the classes become scores: pass --activation softmax (as in DETR, whose last class is "no object"), sigmoid (as in RT-DETR) or none (scores already)',
  );
}
