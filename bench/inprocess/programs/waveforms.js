/**
 * Runs WAV files of 16 bits through a model that carries a state from frame to frame. Call k has frame k of all rows
 * that are long enough. The longest rows come first, so each call takes the first rows.
 */
import { readFileSync } from 'node:fs';

/**
 * @param {import('../lane.js').LaneConfig} config
 * @returns {import('./program.js').Program}
 */
export function waveformProgram({ model }) {
  const { frame, sample_rate: rate, state } = model;
  const [{ input: stateIn, output: stateOut }] = state;
  const hop = frame.length - frame.context;

  async function run(decoded, call) {
    const order = decoded.map((_, i) => i).sort((a, b) => decoded[b].length - decoded[a].length);
    const counts = order.map((i) => Math.ceil(decoded[i].length / hop));
    const found = counts.map((count) => new Float32Array(count));
    let carried = { data: new Float32Array(2 * order.length * 128), dims: [2, order.length, 128] };
    for (let k = 0; k < counts[0]; k++) {
      const rows = counts.filter((count) => count > k).length;
      const outputs = await call(() => {
        const data = new Float32Array(rows * frame.length);
        for (let row = 0; row < rows; row++) {
          const samples = decoded[order[row]];
          const from = k * hop - frame.context;
          const part = samples.subarray(Math.max(0, from), Math.min(samples.length, from + frame.length));
          data.set(part, row * frame.length + Math.max(0, -from));
        }
        carried = firstRows(carried, rows);
        return {
          input: { type: 'float32', data, dims: [rows, frame.length] },
          [stateIn]: { type: 'float32', ...carried },
          sr: { type: 'int64', data: BigInt64Array.of(BigInt(rate)), dims: [] },
        };
      });
      for (let row = 0; row < rows; row++) found[row][k] = outputs.output.data[row];
      carried = { data: outputs[stateOut].data, dims: outputs[stateOut].dims };
    }
    const answers = Array(decoded.length);
    for (const [at, i] of order.entries()) answers[i] = { outputs: { output: found[at] } };
    return answers;
  }

  return { read: (path) => readFileSync(path), decode: samplesOf, run };
}

/** The state of the first rows. The batch is on axis 1. */
function firstRows({ data, dims: [layers, before, width] }, rows) {
  if (rows === before) return { data, dims: [layers, rows, width] };
  const kept = new Float32Array(layers * rows * width);
  for (let layer = 0; layer < layers; layer++) {
    const from = layer * before * width;
    kept.set(data.subarray(from, from + rows * width), layer * rows * width);
  }
  return { data: kept, dims: [layers, rows, width] };
}

/** @param {Buffer} wav mono, 16 bits */
function samplesOf(wav) {
  const from = wav.byteOffset + wav.indexOf('data') + 8;
  const whole = new Int16Array(wav.buffer.slice(from, wav.byteOffset + wav.length));
  const samples = new Float32Array(whole.length);
  for (let i = 0; i < whole.length; i++) samples[i] = whole[i] / 32_768;
  return samples;
}
