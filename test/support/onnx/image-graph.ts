// Writes model folders whose graphs take images of any shape. Creates images of several colours.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { testFolder, type LoadableModel } from '../lanes.ts';
import { writeOnnx, type Dim, type Operator, type Value, type Weights } from './graph.ts';
import { checkedConfig, writeLabels } from './models.ts';

export interface ImageGraph {
  /** Shape of the input `image`, such as ['N', 3, 8, 8]. */
  readonly shape: readonly Dim[];
  /** Inputs other than the image. */
  readonly beside?: readonly Value[];
  readonly outputs: readonly Value[];
  readonly operators: readonly Operator[];
  readonly weights?: readonly Weights[];
}

/** A model folder of any task. */
export function imageModel(
  { shape, beside = [], weights = [], ...graph }: ImageGraph,
  config: Readonly<Record<string, unknown>>,
  labels?: readonly string[],
): LoadableModel {
  const dir = testFolder();
  const inputs: Value[] = [{ name: 'image', type: 'float32', shape }, ...beside];
  writeFileSync(join(dir, 'model.onnx'), writeOnnx({ inputs, weights, ...graph }));
  return {
    dir,
    config: checkedConfig({ name: 'm', ...config, ...(labels && { labels: 'labels.txt' }) }),
    named: labels === undefined ? [] : [writeLabels(dir, labels)],
  };
}

export function floatOutput(name: string, ...shape: readonly Dim[]): Value {
  return { name, type: 'float32', shape };
}

type Colour = readonly [number, number, number];

/** A PNG of this size. `colour` returns the colour of each pixel. */
export async function picture(
  width: number,
  height: number,
  colour: (x: number, y: number) => Colour,
): Promise<Uint8Array> {
  const pixels = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) pixels.set(colour(i % width, Math.floor(i / width)), i * 3);
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}
