/** A picture with the boxes and masks that a model has found in it. */
import { markText } from './answer-text.ts';
import { colourOf } from './label-colours.ts';
import type { Mark } from './marks.ts';
import { scaledMask } from './run-lengths.ts';

/** The longer side of the canvas in pixels, and the size of the labels on it. */
export interface PictureSize {
  readonly side: number;
  readonly font: number;
}

/** Masks are drawn at this size and stretched, because script sets each of their pixels. */
const MASK_SIDE = 480;
const MASK_ALPHA = 128;
/** From this factor on, pixels stay squares. */
const PIXELATED = 4;

export function drawPicture(
  canvas: HTMLCanvasElement,
  picture: ImageBitmap,
  marks: readonly Mark[],
  { side, font }: PictureSize,
): void {
  const scale = side / Math.max(picture.width, picture.height);
  // Setting the size clears an older picture.
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  const context = canvas.getContext('2d')!;
  context.imageSmoothingEnabled = scale < PIXELATED;
  context.imageSmoothingQuality = 'high';
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  drawMasks(context, marks);
  const boxed = marks.filter(({ box }) => box !== undefined);
  // The best marks are first in the list, and are drawn last, on top. No box hides a label.
  for (const mark of boxed.toReversed()) drawBox(context, mark, scale, font);
  for (const mark of boxed.toReversed()) drawLabel(context, mark, scale, font);
}

function drawMasks(context: CanvasRenderingContext2D, marks: readonly Mark[]): void {
  if (!marks.some(({ mask }) => mask !== undefined)) return;
  const { width, height } = context.canvas;
  const scale = Math.min(1, MASK_SIDE / Math.max(width, height));
  const layer = document.createElement('canvas');
  layer.width = Math.max(1, Math.round(width * scale));
  layer.height = Math.max(1, Math.round(height * scale));
  const on = layer.getContext('2d')!;
  const pixels = on.createImageData(layer.width, layer.height);
  for (const mark of marks) {
    if (mark.mask === undefined) continue;
    const colour = Number.parseInt(colourOf(mark).slice(1), 16);
    for (const [i, isOn] of scaledMask(mark.mask, layer.width, layer.height).entries()) {
      if (isOn === 1) pixels.data.set([colour >> 16, (colour >> 8) & 255, colour & 255, MASK_ALPHA], i * 4);
    }
  }
  on.putImageData(pixels, 0, 0);
  context.drawImage(layer, 0, 0, width, height);
}

/** A line in the label's colour on a black one, so it can be seen on any picture. */
function drawBox(context: CanvasRenderingContext2D, mark: Mark, scale: number, font: number): void {
  const [x, y, width, height] = mark.box!.map((n) => n * scale) as [number, number, number, number];
  const line = font / 7;
  context.lineWidth = line * 2;
  context.strokeStyle = '#000000';
  context.strokeRect(x, y, width, height);
  context.lineWidth = line;
  context.strokeStyle = colourOf(mark);
  context.strokeRect(x, y, width, height);
}

/** Above the box, or in it if there is no room. */
function drawLabel(context: CanvasRenderingContext2D, mark: Mark, scale: number, font: number): void {
  const [left, top] = mark.box!;
  const text = markText(mark);
  context.font = `bold ${font}px system-ui, sans-serif`;
  context.textBaseline = 'middle';
  const width = context.measureText(text).width + font * 0.6;
  const height = font * 1.3;
  const x = Math.max(0, Math.min(left * scale, context.canvas.width - width));
  const y = Math.max(0, Math.min(top * scale - height, context.canvas.height - height));
  context.fillStyle = colourOf(mark);
  context.fillRect(x, y, width, height);
  context.fillStyle = '#000000';
  context.fillText(text, x + font * 0.3, y + height / 2);
}
