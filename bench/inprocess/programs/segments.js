/** Turns a map of one class into a mask of the original image, as COCO's compressed run lengths. */
import { inputSize } from '../../../dist/shared/tasks/image/preprocess.js';

/**
 * @param {import('../lane.js').LaneConfig} config
 * @returns {Pick<import('./program.js').Program, 'answers'>}
 */
export function segmentAnswers({ model, signature }) {
  const [{ name }] = signature.outputs;
  const input = inputSize(model.preprocess);
  return {
    answers(outputs, decoded) {
      const { data, dims } = outputs[name];
      const [width, height] = [dims.at(-1), dims.at(-2)];
      return decoded.map(({ geometry }, row) => {
        const map = data.subarray(row * width * height, (row + 1) * width * height);
        return { segments: segmentsOf(map, { width, height }, input, geometry, model.threshold) };
      });
    },
  };
}

function segmentsOf(map, size, input, { source, resized, window, pad }, threshold) {
  const columns = placesOf(
    source.width,
    resized.width,
    window.left,
    window.width,
    pad.left,
    size.width,
    input.width,
  );
  const rows = placesOf(
    source.height,
    resized.height,
    window.top,
    window.height,
    pad.top,
    size.height,
    input.height,
  );
  const counts = [];
  let end = 0;
  let area = 0;
  let total = 0;
  for (let x = 0; x < source.width; x++) {
    if (columns.outside[x]) continue;
    const [left, right, across] = [columns.first[x], columns.second[x], columns.share[x]];
    for (let y = 0; y < source.height; y++) {
      if (rows.outside[y]) continue;
      const [top, bottom, down] = [rows.first[y] * size.width, rows.second[y] * size.width, rows.share[y]];
      const above = map[top + left] + (map[top + right] - map[top + left]) * across;
      const below = map[bottom + left] + (map[bottom + right] - map[bottom + left]) * across;
      const score = above + (below - above) * down;
      if (score < threshold) continue;
      const at = x * source.height + y;
      if (at === end && counts.length > 0) counts[counts.length - 1] += 1;
      else counts.push(at - end, 1);
      end = at + 1;
      area += 1;
      total += score;
    }
  }
  if (area === 0) return [];
  if (end < source.width * source.height) counts.push(source.width * source.height - end);
  const rle = { size: [source.height, source.width], counts: compress(counts) };
  return [{ index: 0, score: total / area, area, rle }];
}

/** For each pixel of an axis, the two cells between which it lies. */
function placesOf(pixels, resized, start, length, pad, cells, input) {
  const first = new Int32Array(pixels);
  const second = new Int32Array(pixels);
  const share = new Float64Array(pixels);
  const outside = new Uint8Array(pixels);
  for (let i = 0; i < pixels; i++) {
    const at = ((i + 0.5) * resized) / pixels;
    outside[i] = at < start || at >= start + length ? 1 : 0;
    const place = Math.min(cells - 1, Math.max(0, ((at - start + pad) * cells) / input - 0.5));
    first[i] = Math.floor(place);
    second[i] = Math.min(cells - 1, first[i] + 1);
    share[i] = place - first[i];
  }
  return { first, second, share, outside };
}

function compress(counts) {
  const bytes = [];
  for (let i = 0; i < counts.length; i++) {
    let rest = i > 2 ? counts[i] - counts[i - 2] : counts[i];
    for (let more = true; more;) {
      const bits = rest & 0x1f;
      rest >>= 5;
      more = bits & 0x10 ? rest !== -1 : rest !== 0;
      bytes.push((more ? bits | 0x20 : bits) + 48);
    }
  }
  return String.fromCharCode(...bytes);
}
