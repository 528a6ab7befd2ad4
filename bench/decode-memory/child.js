/** Decodes one image and prints by how many bytes the peak of resident memory grew. Runs as a separate process. */
import { readFileSync, writeFileSync } from 'node:fs';
import { PREPROCESS } from '../../dist/shared/tasks/image/preprocess.js';
import { createDecoderFactory } from '../../dist/workers/lane/image/decode/decoders.js';
import { configureSharp } from '../../dist/workers/lane/image/decode/sharp-decoder.js';

const [small, large, side, how] = process.argv.slice(2);
const preprocess = JSON.parse(how);
configureSharp();
// The crop is the whole resized image, so the decoder needs all pixels.
const decoder = createDecoderFactory({
  maxPixels: Number(side) ** 2,
  maxImageRatio: 1e9,
  maxDecodeBytes: Number.MAX_SAFE_INTEGER,
  decodeBudgetBytes: Number.MAX_SAFE_INTEGER,
})(PREPROCESS.parse({ resize: 224, crop: 224, ...preprocess }));
const warm = readFileSync(small);
for (let i = 0; i < 3; i++) await decoder.decode(warm);
const image = readFileSync(large);
globalThis.gc();
// Resets the peak in the kernel to the current resident memory.
writeFileSync('/proc/self/clear_refs', '5');
const before = peak();
await decoder.decode(image);
process.stdout.write(String(peak() - before));

function peak() {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024;
}
