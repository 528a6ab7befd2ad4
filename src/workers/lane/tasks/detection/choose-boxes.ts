/** Chooses the boxes of an image's answer: the best ones first, without those that overlap a better one of their class. */
import type { Geometry } from '../../image/decode/geometry.ts';
import type { Candidates } from './candidates.ts';

export interface Detection {
  readonly label: number;
  readonly score: number;
  /** Left, top, right, bottom, in pixels of the original image and inside it. */
  readonly corners: readonly [number, number, number, number];
}

/** `iouThreshold`: null keeps boxes that overlap. */
export function chooseBoxes(
  found: Candidates,
  geometry: Geometry,
  topK: number,
  iouThreshold: number | null,
): Detection[] {
  const { count, scores, labels } = found;
  // Of equal scores, the earlier box comes first.
  const order = Array.from({ length: count }, (_, i) => i).sort((a, b) => scores[b]! - scores[a]! || a - b);
  const kept: number[] = [];
  const chosen: Detection[] = [];
  for (const i of order) {
    if (chosen.length === topK) break;
    const corners = inOriginal(found.corners, i * 4, geometry);
    if (corners === null) continue;
    const overlaps = (other: number) =>
      labels[other] === labels[i] && intersectionOverUnion(found.corners, other * 4, i * 4) > iouThreshold!;
    if (iouThreshold !== null && kept.some(overlaps)) continue;
    kept.push(i);
    chosen.push({ label: labels[i]!, score: scores[i]!, corners });
  }
  return chosen;
}

/** Null if nothing of the box lies in the image. */
function inOriginal(corners: Float64Array, at: number, geometry: Geometry): Detection['corners'] | null {
  const { source, resized, window, pad } = geometry;
  const x = (value: number) =>
    within(((value - pad.left + window.left) * source.width) / resized.width, source.width);
  const y = (value: number) =>
    within(((value - pad.top + window.top) * source.height) / resized.height, source.height);
  const [left, top] = [x(corners[at]!), y(corners[at + 1]!)];
  const [right, bottom] = [x(corners[at + 2]!), y(corners[at + 3]!)];
  return right > left && bottom > top ? [left, top, right, bottom] : null;
}

function within(value: number, most: number): number {
  return Math.min(most, Math.max(0, value));
}

function intersectionOverUnion(corners: Float64Array, a: number, b: number): number {
  const width = Math.min(corners[a + 2]!, corners[b + 2]!) - Math.max(corners[a]!, corners[b]!);
  const height = Math.min(corners[a + 3]!, corners[b + 3]!) - Math.max(corners[a + 1]!, corners[b + 1]!);
  if (width <= 0 || height <= 0) return 0;
  const both = width * height;
  return both / (areaOf(corners, a) + areaOf(corners, b) - both);
}

function areaOf(corners: Float64Array, at: number): number {
  return (corners[at + 2]! - corners[at]!) * (corners[at + 3]! - corners[at + 1]!);
}
