// The task "audio" in a lane, on models with known answers. Skipped without ../shared/data.
import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tone, writeWav } from '../../support/audio/write-wav.ts';
import { loadedLane, testFolder } from '../../support/lanes.ts';
import { checkedConfig } from '../../support/onnx/models.ts';
import { answeredTensors, type Tensors } from '../../support/tensor-rows.ts';

const DATA = resolve(import.meta.dirname, '../../../../shared/data/open/audio');
const hasData = existsSync(DATA);

interface Reference {
  readonly basic_pitch: {
    readonly cases: readonly {
      readonly midi: number;
      readonly loudest_note_bin: number;
      readonly mean: number;
    }[];
  };
  readonly silero: { readonly probs: readonly number[] };
}

const reference = (): Reference =>
  JSON.parse(readFileSync(join(DATA, 'reference.json'), 'utf8')) as Reference;

describe.skipIf(!hasData)('on ../shared/data (skipped without that folder)', () => {
  describe('silero-vad, which carries a state with the batch on axis 1', () => {
    const config = {
      sample_rate: 16_000,
      frame: { length: 576, context: 64 },
      inputs: { sr: { value: 16_000 } },
      state: [{ input: 'state', output: 'stateN', batch_axis: 1 }],
      outputs: { output: { join: 'concat' } },
    };
    const load = async () => loadedLane(folderOf('silero-vad-16k.onnx', config));

    it('returns the 10 reference probabilities for a waveform, given as samples or as a file of floats', async () => {
      const { probs } = reference().silero;
      const lane = await load();
      const samples = speech(5120);
      const [listed] = await answeredTensors(lane, [{ samples: [...samples], sample_rate: 16_000 }]);
      expectClose(listed!['output'] as number[], probs, 2e-6);
      const file = await answer(lane, [writeWav([samples], { format: 'f32' })]);
      expect(file[0]).toEqual(listed);
    });

    it('answers waveforms of different lengths in one batch as it answers each of them alone', async () => {
      const lane = await load();
      const files = [5120, 700, 512, 3000, 1].map((length, i) =>
        writeWav([speech(length + 7 * i).subarray(7 * i)]),
      );
      const together = await answer(lane, files);
      expect(together.map(({ output }) => (output as number[]).length)).toEqual([10, 2, 1, 6, 1]);
      for (const [i, file] of files.entries()) {
        const [alone] = await answer(lane, [file]);
        expectClose(together[i]!['output'] as number[], alone!['output'] as number[], 2e-6);
      }
    });
  });

  describe('basic-pitch', () => {
    const NOTE = 'StatefulPartitionedCall:1';

    it('returns its known answers for one frame of each of three tones', async () => {
      const config = {
        sample_rate: 22_050,
        frame: { length: 43_844 },
        outputs: {
          [NOTE]: { join: 'concat' },
          'StatefulPartitionedCall:2': { join: 'concat' },
          'StatefulPartitionedCall:0': { join: 'concat' },
        },
      };
      const lane = await loadedLane(folderOf('basic-pitch.onnx', config));
      const { cases } = reference().basic_pitch;
      const answers = await answer(
        lane,
        cases.map(({ midi }) =>
          writeWav([harmonics(43_844, 22_050, pitch(midi))], { rate: 22_050, format: 'f32' }),
        ),
      );
      for (const [i, { loudest_note_bin, mean }] of cases.entries()) {
        const [notes, onsets, contours] = Object.values(answers[i]!) as number[][][];
        expect([notes!.length, notes![0]!.length]).toEqual([172, 88]);
        expect([onsets!.length, onsets![0]!.length]).toEqual([172, 88]);
        expect([contours!.length, contours![0]!.length]).toEqual([172, 264]);
        // The reference leaves out the edges of the frame.
        const loudest = loudestBin(notes!.slice(20, 150));
        expect(loudest.bin).toBe(loudest_note_bin);
        expect(loudest.mean).toBeCloseTo(mean, 5);
      }
    });

    it('finds the notes of a tune in a stereo file of 44.1 kHz, with overlapping frames', async () => {
      const config = {
        sample_rate: 22_050,
        frame: { length: 43_844, context: 3840, hop: 36_164 },
        outputs: { [NOTE]: { join: 'concat', trim: 15 } },
      };
      const lane = await loadedLane(folderOf('basic-pitch.onnx', config));
      const tune = [60, 69, 76].map(pitch);
      const channel = Float32Array.from(tune.flatMap((hz) => [...harmonics(2 * 44_100, 44_100, hz)]));
      const [heard] = await answer(lane, [writeWav([channel, channel], { rate: 44_100 })]);
      const notes = heard![NOTE] as number[][];
      // The model returns 142 steps for a hop of 36,164 samples.
      expect(notes.length).toBe(Math.ceil((6 * 22_050 * 142) / 36_164));
      const third = notes.length / 3;
      const bins = tune.map((_, i) => loudestBin(notes.slice((i + 0.2) * third, (i + 0.8) * third)).bin);
      expect(bins).toEqual([39, 48, 55]);
    });
  });
});

/** A tone of 200 Hz with amplitude 0.3, switched on and off by a wave of 4 Hz, as in reference.json. */
function speech(length: number): Float32Array {
  return tone(length, 16_000, 200, 0.3).map((value, n) =>
    Math.sin((2 * Math.PI * 4 * n) / 16_000) > 0 ? value : 0,
  );
}

/** In Hz. */
function pitch(midi: number): number {
  return 440 * 2 ** ((midi - 69) / 12);
}

function harmonics(length: number, rate: number, hz: number): Float32Array {
  const wave = (n: number) =>
    [1, 2, 3].reduce((sum, k) => sum + Math.sin((2 * Math.PI * hz * k * n) / rate) / k, 0);
  return Float32Array.from({ length }, (_, n) => 0.5 * wave(n));
}

/** The bin with the largest mean over time. */
function loudestBin(steps: readonly (readonly number[])[]): { bin: number; mean: number } {
  const means = steps[0]!.map((_, bin) => steps.reduce((sum, step) => sum + step[bin]!, 0) / steps.length);
  const mean = Math.max(...means);
  return { bin: means.indexOf(mean), mean };
}

function expectClose(found: readonly number[], expected: readonly number[], tolerance: number): void {
  expect(found.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) expect(Math.abs(found[i]! - value)).toBeLessThan(tolerance);
}

async function answer(
  lane: Awaited<ReturnType<typeof loadedLane>>,
  files: readonly Uint8Array[],
): Promise<readonly Tensors[]> {
  const rows = files.map((bytes) => ({ bytes: new Uint8Array(bytes) }));
  const { outcomes } = await lane.run({ model: 'm', rows, options: {} });
  return outcomes.map((outcome) => {
    if (!outcome.ok) throw new Error(`a failed row: ${outcome.error.message}`);
    return (JSON.parse(`{${outcome.result}}`) as { outputs: Tensors }).outputs;
  });
}

function folderOf(file: string, more: object) {
  const dir = testFolder();
  symlinkSync(join(DATA, file), join(dir, 'model.onnx'));
  return { dir, config: checkedConfig({ name: 'm', task: 'audio', ...more }), named: [] };
}
