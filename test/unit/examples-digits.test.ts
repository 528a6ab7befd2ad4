/** The stream of the digits example is reproducible and balanced, and keeps held-out shapes out of training. */
import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { digitsStream, type DigitRow, type GlyphSet } from '../../examples/digits/digits-stream.js';
import { HELDOUT_STYLES, TRAINING_STYLES, type Style } from '../../examples/digits/generator/styles.js';
import { checkedConfig } from '../support/onnx/models.ts';

const MODELS = new URL('../../examples/digits/models/', import.meta.url);
const DIGITS = '0123456789'.split('');
const GLYPH_SETS: readonly GlyphSet[] = ['train', 'heldout'];

async function take(options: Parameters<typeof digitsStream>[0]): Promise<DigitRow[]> {
  const rows: DigitRow[] = [];
  for await (const row of digitsStream(options)) rows.push(row);
  return rows;
}

/** Every skeleton of a set of styles as text, to compare shapes rather than names. */
function skeletons(styles: readonly Style[]): Set<string> {
  return new Set(styles.flatMap((style) => style.digits.flat()).map((strokes) => JSON.stringify(strokes)));
}

describe('the digits stream', () => {
  it.each(GLYPH_SETS)('gives the same %s rows for the same seed', async (glyphs) => {
    const rows = await take({ seed: 3, glyphs, count: 24 });
    expect(await take({ seed: 3, glyphs, count: 24 })).toEqual(rows);
  });

  it('gives other rows for another seed and for the other glyph set', async () => {
    const rows = await take({ seed: 3, count: 24 });
    for (const other of [
      await take({ seed: 4, count: 24 }),
      await take({ seed: 3, glyphs: 'heldout', count: 24 }),
    ]) {
      const same = other.filter(({ jpeg }, i) => rows[i] !== undefined && jpeg.equals(rows[i].jpeg));
      expect(same).toEqual([]);
    }
  });

  it('keeps the labels of seed 1, on which the figures in the model cards are based', async () => {
    const rows = await take({ seed: 1, count: 16 });
    expect(rows.map(({ label }) => label).join('')).toBe('8549217028277244');
  });

  it('makes row i the same wherever the stream starts', async () => {
    const rows = await take({ seed: 5, count: 30 });
    expect(await take({ seed: 5, start: 20, count: 10 })).toEqual(rows.slice(20));
  });

  it('reaches rows beyond 2^32 without counting up to them', async () => {
    const start = 2 ** 32 + 7;
    const [far] = await take({ seed: 5, start, count: 1 });
    const [near] = await take({ seed: 5, start: 7, count: 1 });
    expect(far?.index).toBe(start);
    expect(far?.jpeg.equals(near?.jpeg ?? Buffer.alloc(0))).toBe(false);
  });

  it('is endless without a count and ends when its reader stops', async () => {
    let seen = 0;
    for await (const { index } of digitsStream({ seed: 1 })) {
      expect(index).toBe(seen++);
      if (seen === 20) break;
    }
    expect(seen).toBe(20);
  });

  it('yields every style, and every label about equally often', async () => {
    const rows = await take({ seed: 6, count: 500 });
    const counts = new Map<string, number>();
    for (const { label } of rows) counts.set(label, (counts.get(label) ?? 0) + 1);
    expect([...counts.keys()].sort()).toEqual(DIGITS);
    // 50 per label with a standard deviation of 6.7, so 34 is five deviations.
    for (const count of counts.values()) expect(Math.abs(count - 50)).toBeLessThan(34);
    expect(new Set(rows.map(({ style }) => style)).size).toBe(TRAINING_STYLES.length);
  });

  it('yields RGB JPEG pictures of 48 to 96 pixels each way', async () => {
    for (const { jpeg } of await take({ seed: 7, count: 40 })) {
      const { format, width, height, channels } = await sharp(jpeg).metadata();
      expect({ format, channels }).toEqual({ format: 'jpeg', channels: 3 });
      for (const side of [width, height]) expect(side >= 48 && side <= 96).toBe(true);
    }
  });

  it.each([
    ['a negative seed', { seed: -1 }],
    ['a broken start', { seed: 1, start: 0.5 }],
    ['an unknown glyph set', { seed: 1, glyphs: 'test' as GlyphSet }],
  ])('refuses %s', async (_, options) => {
    await expect(take({ ...options, count: 1 })).rejects.toThrow(RangeError);
  });
});

describe('the glyph styles', () => {
  it('share no name and no shape between training and held-out', () => {
    const names = new Set(TRAINING_STYLES.map(({ name }) => name));
    expect(HELDOUT_STYLES.filter(({ name }) => names.has(name))).toEqual([]);
    const trained = skeletons(TRAINING_STYLES);
    expect([...skeletons(HELDOUT_STYLES)].filter((shape) => trained.has(shape))).toEqual([]);
  });

  it('are at least twelve for training and three held out, each with all ten digits', () => {
    expect(TRAINING_STYLES.length).toBeGreaterThanOrEqual(12);
    expect(HELDOUT_STYLES.length).toBeGreaterThanOrEqual(3);
    for (const { digits } of [...TRAINING_STYLES, ...HELDOUT_STYLES]) {
      expect(digits.length).toBe(10);
      for (const shapes of digits) expect(shapes.length).toBeGreaterThan(0);
    }
  });
});

describe.each(['digits-small', 'digits-large'])('the model %s', (name) => {
  it('has a valid config, ten labels and less than 1 MB', async () => {
    const folder = new URL(`${name}/`, MODELS);
    const config = checkedConfig(JSON.parse(await readFile(new URL('model.json', folder), 'utf8')));
    expect(config).toMatchObject({ name, labels: 'labels.txt' });
    const labels = await readFile(new URL('labels.txt', folder), 'utf8');
    expect(labels.trim().split('\n')).toEqual(DIGITS);
    expect((await readFile(new URL('model.onnx', folder))).byteLength).toBeLessThan(1e6);
  });
});
