// Image models with known answers: the OCR detector as segmentation and as detection, and the orientation of pages as
// classification. Skipped without ../shared/data/open.
import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodeCounts } from '../../support/decode-counts.ts';
import { loadedLane, predictionsOf, testFolder } from '../../support/lanes.ts';
import { checkedConfig, writeLabels } from '../../support/onnx/models.ts';

const OPEN = resolve(import.meta.dirname, '../../../../shared/data/open');
/** PaddleOCR applies these to BGR in this order. */
const PADDLE = { color_order: 'bgr', mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

const golden = readJson(resolve(import.meta.dirname, '../../golden/answers.json')) as {
  readonly text_map: { readonly area: number; readonly counts: string };
};

describe.skipIf(!existsSync(OPEN))('on ../shared/data/open (skipped without that folder)', () => {
  it('the OCR detector marks the text of a page as in the reference, and only inside the known boxes', async () => {
    const size = { width: 640, height: 352 };
    const lane = await loadedLane(
      model('ocr/det.onnx', ['text'], {
        task: 'image-segmentation',
        activation: 'none',
        threshold: 0.3,
        preprocess: { resize: size, crop: size, ...PADDLE },
      }),
    );
    const rows = [{ path: join(OPEN, 'ocr/invoice.png'), tenant: 'default' }];
    const { outcomes } = await lane.run({ model: 'm', rows, options: {} });
    const [text] = JSON.parse(`{${(outcomes[0] as { result: string }).result}}`).segments as Segment[];
    const { width, height } = await sharp(join(OPEN, 'ocr/invoice.png')).metadata();
    expect(text!.rle.size).toEqual([height, width]);
    const found = decodeCounts(text!.rle.counts, width * height);
    const wanted = decodeCounts(golden.text_map.counts, width * height);
    const differing = found.reduce((sum, bit, i) => sum + (bit === wanted[i] ? 0 : 1), 0);
    expect(text!.area).toBeGreaterThan(10_000);
    expect(differing).toBeLessThan(golden.text_map.area / 1000);
    const boxes = knownBoxes();
    const inside = (box: Box, i: number) => {
      const [x, y] = [Math.floor(i / height), i % height];
      return x >= box.left - 2 && x <= box.right + 2 && y >= box.top - 2 && y <= box.bottom + 2;
    };
    const pixels = [...found.keys()].filter((i) => found[i] === 1);
    const counts = boxes.map((box) => pixels.filter((i) => inside(box, i)).length);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(pixels.length);
    // The map marks only the middle of each line of text.
    for (const [i, { left, top, right, bottom }] of boxes.entries()) {
      expect(counts[i]! / ((right - left) * (bottom - top))).toBeGreaterThan(0.25);
    }
  }, 60_000);

  it('the OCR detector finds the known boxes of lines of text', async () => {
    const size = { width: 640, height: 352 };
    const lane = await loadedLane(
      model('ocr/det.onnx', ['text'], {
        task: 'object-detection',
        head: 'map',
        threshold: 0.5,
        grow: 1.6,
        preprocess: { resize: size, crop: size, ...PADDLE },
      }),
    );
    const rows = [{ path: join(OPEN, 'ocr/invoice.png'), tenant: 'default' }];
    const { outcomes } = await lane.run({ model: 'm', rows, options: {} });
    const { detections } = JSON.parse(`{${(outcomes[0] as { result: string }).result}}`) as {
      detections: readonly { label: string; box: readonly [number, number, number, number] }[];
    };
    const found = detections
      .map(({ box: [left, top, width, height] }) => ({
        left,
        top,
        right: left + width,
        bottom: top + height,
      }))
      .toSorted((a, b) => a.top - b.top);
    // The reference scales pages to another size, so boxes differ by a few pixels.
    const known = knownBoxes();
    expect(found).toHaveLength(known.length);
    for (const [i, box] of found.entries()) {
      const { left, top, right, bottom } = known[i]!;
      const distances = [box.left - left, box.top - top, box.right - right, box.bottom - bottom];
      expect(Math.max(...distances.map((distance) => Math.abs(distance)))).toBeLessThan(8);
    }
  }, 60_000);

  it('pages get their known orientation with the known probability', async () => {
    const { cases } = readJson(join(OPEN, 'doc-orientation/reference.json')) as {
      cases: readonly PageCase[];
    };
    const lane = await loadedLane(
      model('doc-orientation/model.onnx', ['0', '90', '180', '270'], {
        task: 'image-classification',
        activation: 'none',
        preprocess: { resize: 256, crop: 224, ...PADDLE },
      }),
    );
    const rows = await Promise.all(
      cases.map(async ({ file, rotated_ccw }) => ({
        bytes: await sharp(join(OPEN, file)).rotate(-rotated_ccw).png().toBuffer(),
      })),
    );
    const { outcomes } = await lane.run({ model: 'm', rows, options: { top_k: 1 } });
    const best = outcomes.map((outcome) => predictionsOf(outcome)[0]!);
    expect(best.map(({ label }) => Number(label))).toEqual(cases.map(({ label }) => label));
    for (const [i, { probs }] of cases.entries()) {
      expect(Math.abs(best[i]!.score - Math.max(...probs))).toBeLessThan(0.02);
    }
  }, 60_000);
});

interface Segment {
  readonly area: number;
  readonly rle: { readonly size: readonly [number, number]; readonly counts: string };
}

interface PageCase {
  readonly file: string;
  readonly rotated_ccw: number;
  readonly probs: readonly number[];
  readonly label: number;
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Upright boxes around the known boxes, which are given by their four corners. */
function knownBoxes(): Box[] {
  const { pages } = readJson(join(OPEN, 'ocr/reference.json')) as {
    pages: Readonly<Record<string, readonly { box: readonly [number, number][] }[]>>;
  };
  return pages['ocr/invoice.png']!.map(({ box }) => ({
    left: Math.min(...box.map(([x]) => x)),
    top: Math.min(...box.map(([, y]) => y)),
    right: Math.max(...box.map(([x]) => x)),
    bottom: Math.max(...box.map(([, y]) => y)),
  }));
}

function model(graph: string, labels: readonly string[], config: object) {
  const dir = testFolder();
  symlinkSync(join(OPEN, graph), join(dir, 'model.onnx'));
  const named = [writeLabels(dir, labels)];
  return { dir, config: checkedConfig({ name: 'm', labels: 'labels.txt', ...config }), named };
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}
