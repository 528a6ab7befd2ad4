// Compares segments in original pixels with results of NumPy and pycocotools (test/golden/make_answers.py).
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Preprocess } from '#forebay/shared/tasks/image/preprocess.js';
import type { SegmentationConfig } from '#forebay/shared/tasks/segmentation/segmentation-config.js';
import { planGeometry } from '#forebay/workers/lane/image/decode/geometry.js';
import { compressCounts } from '#forebay/workers/lane/tasks/segmentation/run-lengths.js';
import { bindSegmentOutput } from '#forebay/workers/lane/tasks/segmentation/segment-output.js';
import type { TensorValue } from '#forebay/workers/lane/tasks/tensors.js';

type Pair = readonly [width: number, height: number];

interface MapCase {
  readonly source: Pair;
  readonly input: Pair;
  readonly resize: number | 'letterbox' | Pair;
  readonly cells: Pair;
  readonly best: readonly string[];
  readonly scores: readonly (number | null)[];
  readonly above: readonly string[];
  readonly numbers: readonly string[];
}

const CLASSES = 4;
const golden = JSON.parse(
  readFileSync(resolve(import.meta.dirname, '../../../../../golden/answers.json'), 'utf8'),
) as { readonly maps: readonly MapCase[] };

describe.each(golden.maps)('a map of $cells for an image of $source', (map) => {
  it.each(['nchw', 'nhwc'] as const)('%s: gives each pixel its best class, interpolated', (layout) => {
    const segments = segmentsOf(map, waves(map.cells, layout), { activation: 'softmax' }, layout);
    expect(byClass(map, segments)).toEqual(map.best);
    for (const { label, total, runs } of segments) {
      expect(Math.abs(total / runs.area - map.scores[label]!)).toBeLessThan(0.12);
    }
  });

  it('gives each class its pixels above a threshold', () => {
    const segments = segmentsOf(map, waves(map.cells, 'nchw'), { activation: 'sigmoid' }, 'nchw');
    expect(byClass(map, segments)).toEqual(map.above);
    expect(segments.map(({ runs }) => runs.area)).toEqual(
      segments.map(({ runs }) => runs.area).toSorted((a, b) => b - a),
    );
  });

  it('gives each pixel the class number of its cell', () => {
    const numbers = bestOf(waves(map.cells, 'nchw'));
    expect(byClass(map, segmentsOf(map, numbers, {}, 'nchw'))).toEqual(map.numbers);
  });

  it('leaves out ignored classes', () => {
    const segments = segmentsOf(
      map,
      waves(map.cells, 'nchw'),
      { activation: 'softmax', ignore: [0, 2] },
      'nchw',
    );
    expect(new Set(segments.map(({ label }) => label))).toEqual(new Set([1, 3]));
  });
});

function segmentsOf(
  map: MapCase,
  value: TensorValue,
  config: Partial<SegmentationConfig>,
  layout: 'nchw' | 'nhwc',
) {
  const size = ([width, height]: Pair) => ({ width, height });
  const resize: Preprocess['resize'] = typeof map.resize === 'object' ? size(map.resize) : map.resize;
  const output = bindSegmentOutput({
    config: { threshold: 0.5, ...config },
    outputs: [{ name: 'map', type: value.type, shape: ['N', ...value.dims.slice(1)] }],
    labels: null,
    layout,
    input: size(map.input),
    fixedBatch: null,
  });
  const geometry = planGeometry(size(map.source), { resize, crop: size(map.input) });
  const [segments] = output.segments({ map: value }, [geometry], 0.6);
  if (typeof segments !== 'object') throw new Error(segments);
  return segments;
}

/** The run lengths of each class as text. A class without pixels has one run. */
function byClass({ source: [width, height] }: MapCase, segments: ReturnType<typeof segmentsOf>): string[] {
  return Array.from({ length: CLASSES }, (_, label) => {
    const segment = segments.find((one) => one.label === label);
    return compressCounts(segment?.runs.counts(width * height) ?? [width * height]);
  });
}

/** The same map as in make_answers.py. */
function waves([width, height]: Pair, layout: 'nchw' | 'nhwc'): TensorValue {
  const data = new Float32Array(CLASSES * width * height);
  const value = (c: number, y: number, x: number) =>
    3 * Math.sin(x * (0.9 + 0.37 * c) + c) * Math.cos(y * (0.7 + 0.21 * c));
  for (let c = 0; c < CLASSES; c++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const cell = y * width + x;
        data[layout === 'nchw' ? c * width * height + cell : cell * CLASSES + c] = value(c, y, x);
      }
    }
  }
  const dims = layout === 'nchw' ? [1, CLASSES, height, width] : [1, height, width, CLASSES];
  return { type: 'float32', dims, data };
}

/** The number of the best class of each cell, as int64. */
function bestOf({ dims, data }: TensorValue): TensorValue {
  const [, , height, width] = dims as number[];
  const numbers = data as Float32Array;
  const cells = width! * height!;
  const best = BigInt64Array.from({ length: cells }, (_, cell) => {
    const values = Array.from({ length: CLASSES }, (_, c) => numbers[c * cells + cell]!);
    return BigInt(values.indexOf(Math.max(...values)));
  });
  return { type: 'int64', dims: [1, height!, width!], data: best };
}
