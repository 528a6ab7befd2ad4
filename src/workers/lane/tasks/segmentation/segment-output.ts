/** The output of a graph that holds a map of classes: which one it is, and the segments of each row. */
import { ForebayError } from '../../../../shared/errors.ts';
import {
  describeTensor,
  FLOAT_TYPES,
  type GraphTensor,
  type Layout,
} from '../../../../shared/models/graph-tensor.ts';
import type { SegmentationConfig } from '../../../../shared/tasks/segmentation/segmentation-config.ts';
import type { Geometry } from '../../image/decode/geometry.ts';
import type { Size } from '../../image/resample/pillow-resampler.ts';
import { sigmoid } from '../activate.ts';
import { chooseFloats } from '../choose-floats.ts';
import { numberRows, type Numbers } from '../rows-of-output.ts';
import type { Outputs } from '../tensors.ts';
import { addAboveThreshold } from './above-threshold.ts';
import { addBestClasses } from './arg-max.ts';
import { createBestClasses } from './best-classes.ts';
import { NAN_MAP, type ClassMap } from './class-map.ts';
import { addClassNumbers } from './class-numbers.ts';
import { mapShape } from './map-shape.ts';
import { projectMap } from './projection.ts';
import { createSegmentList, type Segment } from './segment-list.ts';
import { counted } from '../../../../shared/text/counted.ts';

export interface SegmentOutput {
  readonly output: GraphTensor;
  /** Whether segments have scores. */
  readonly hasScores: boolean;
  /** The segments of each row, the largest first, or what is wrong with its numbers. Throws an Error for another shape. */
  segments(
    outputs: Outputs,
    geometries: readonly Geometry[],
    threshold: number,
  ): (readonly Segment[] | string)[];
  /** See BoundTask.numbers. */
  numbers(outputs: Outputs, rows: number): Float32Array[];
  /** See BoundTask.check. */
  check(outputs: Outputs): void;
}

export interface SegmentOutputParts {
  readonly config: SegmentationConfig;
  readonly outputs: readonly GraphTensor[];
  readonly labels: readonly string[] | null;
  /**
   * Layout of the model's input. A map of four dimensions has the same one, unless its number of classes says
   * otherwise.
   */
  readonly layout: Layout;
  readonly input: Size;
  readonly fixedBatch: number | null;
}

const CLASS_NUMBERS: readonly string[] = ['int64', 'int32', 'uint8', 'bool'];

/** Throws ForebayError `config_mismatch`. */
export function bindSegmentOutput(parts: SegmentOutputParts): SegmentOutput {
  const { config, labels, input, fixedBatch } = parts;
  const output = chooseFloats({
    named: config.output,
    outputs: parts.outputs,
    types: [...FLOAT_TYPES, ...CLASS_NUMBERS],
    fits: ({ shape }) => shape.length === 3 || shape.length === 4,
    prefers: [],
    what: 'a segmentation is an output [batch, classes, height, width] or [batch, height, width] of numbers',
    holds: 'the map of classes',
  });
  const holdsNumbers = CLASS_NUMBERS.includes(output.type);
  const activation = holdsNumbers ? null : activationFor(config, output);
  const ignored = new Set(config.ignore);
  const findBest = createBestClasses();
  const named = holdsNumbers ? null : (labels?.length ?? null);
  const shapeOf = (dims: readonly number[]) => mapShape(dims, named, parts.layout);

  function check(dims: readonly number[]): void {
    const { classes } = shapeOf(dims);
    const what = `the graph's output ${describeTensor({ ...output, shape: dims })} has ${counted(classes, 'class', 'classes')}`;
    if (holdsNumbers) {
      if (classes !== 1)
        throw refused(`a map of class numbers has one number per pixel, but ${what}: name another "output"`);
      return;
    }
    if (labels !== null && labels.length !== classes) {
      throw refused(
        `the labels file has ${counted(labels.length, 'name')}, but ${what}: give one name per class`,
      );
    }
    if (activation === 'softmax' && classes === 1) {
      throw refused(`softmax makes every score 1, because ${what}: set "activation" to "sigmoid" or "none"`);
    }
    const beyond = config.ignore?.find((label) => label >= classes);
    if (beyond !== undefined) throw refused(`ignore names class ${beyond}, but ${what}: remove it`);
  }

  if (output.shape.slice(1).every((dim) => typeof dim === 'number')) check(output.shape as number[]);

  function fromNumbers(map: ClassMap, geometry: Geometry, threshold: number): readonly Segment[] | string {
    const projection = projectMap(geometry, input, map);
    const list = createSegmentList(ignored);
    if (map.classes > 1 && activation !== 'sigmoid') {
      const best = findBest(map, activation === 'softmax');
      if (best === null) return NAN_MAP;
      addBestClasses(map, best, projection, activation === 'softmax', list);
      return list.sorted();
    }
    const [least, scoreOf] = activation === 'sigmoid' ? [logit(threshold), sigmoid] : [threshold, asItIs];
    for (let label = 0; label < map.classes; label++) {
      if (ignored.has(label)) continue;
      if (!addAboveThreshold(map, label, projection, least, scoreOf, list)) return NAN_MAP;
    }
    return list.sorted();
  }

  function rowsOf(outputs: Outputs, rows: number): Numbers[] {
    const value = outputs[output.name]!;
    const batch = fixedBatch ?? rows;
    if (value.dims.length !== output.shape.length || value.dims[0] !== batch) {
      const wanted = describeTensor({ ...output, shape: [batch, ...output.shape.slice(1)] });
      throw new Error(`the graph returned [${value.dims.join(',')}] instead of ${wanted}`);
    }
    return numberRows(value, rows, batch, output.name);
  }

  return {
    output,
    hasScores: !holdsNumbers,
    segments(outputs, geometries, threshold) {
      const { dims } = outputs[output.name]!;
      const rows = rowsOf(outputs, geometries.length);
      const shape = shapeOf(dims);
      return rows.map((numbers, row) => {
        const geometry = geometries[row]!;
        if (!holdsNumbers) {
          return fromNumbers({ ...shape, numbers: numbers as Float32Array }, geometry, threshold);
        }
        const list = createSegmentList(ignored);
        addClassNumbers(numbers, shape, projectMap(geometry, input, shape), list);
        return list.sorted();
      });
    },
    numbers: (outputs, rows) =>
      rowsOf(outputs, rows).map((row) => (row instanceof Float32Array ? row : Float32Array.from(row))),
    check: (outputs) => check(outputs[output.name]!.dims),
  };
}

function activationFor({ activation }: SegmentationConfig, output: GraphTensor) {
  if (activation !== undefined) return activation;
  throw refused(
    `nothing says how the map's numbers become scores, and the graph's output is ${describeTensor(output)}: set "activation" in model.json to "softmax" (logits, each pixel has one class), "sigmoid" (independent logits) or "none" (scores already)`,
  );
}

const asItIs = (number: number) => number;
const logit = (score: number) => Math.min(LOGIT_OF_1, Math.log(score / (1 - score)));
/** From here, the sigmoid is exactly 1 in double precision. */
const LOGIT_OF_1 = Math.log(2 ** 53);

function refused(message: string): ForebayError {
  return new ForebayError('config_mismatch', message);
}
