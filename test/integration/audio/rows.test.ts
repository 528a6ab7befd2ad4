// The task "audio" in a lane: how waveforms become frames, and frames become an answer. The test creates the graphs.
import { describe, expect, it } from 'vitest';
import { readModelConfig } from '#forebay/shared/models/read-model-config.js';
import { tone, writeWav } from '../../support/audio/write-wav.ts';
import { loadedLane, predictionsOf, sharedLane } from '../../support/lanes.ts';
import {
  audioModel,
  echoWave,
  firstTwo,
  runningTotal,
  runningTotalAlone,
} from '../../support/onnx/audio-models.ts';
import { answeredTensors, refusalOf, runRecords } from '../../support/tensor-rows.ts';

const wave = (...samples: number[]) => ({ samples, sample_rate: 1000 });

describe('the frames of a waveform', () => {
  it.each<[string, object, object, unknown]>([
    [
      'give one value each',
      { length: 4 },
      {},
      [
        [1, 2, 3, 4],
        [5, 6, 0, 0],
      ],
    ],
    ['are joined in time', { length: 4 }, { join: 'concat' }, [1, 2, 3, 4, 5, 6]],
    [
      'begin with context from the frame before',
      { length: 4, context: 2 },
      {},
      [
        [0, 0, 1, 2],
        [1, 2, 3, 4],
        [3, 4, 5, 6],
      ],
    ],
    [
      'overlap',
      { length: 4, hop: 3 },
      {},
      [
        [1, 2, 3, 4],
        [4, 5, 6, 0],
      ],
    ],
    [
      'are trimmed at their edges',
      { length: 4, context: 1, hop: 2 },
      { join: 'concat', trim: 1 },
      [1, 2, 3, 4, 5, 6],
    ],
    ['are dropped if they are not full', { length: 4, tail: 'drop' }, {}, [[1, 2, 3, 4]]],
    ['are averaged', { length: 4 }, { join: 'mean' }, [3, 4, 1.5, 2]],
    ['are reduced to their maximum', { length: 4 }, { join: 'max' }, [5, 6, 3, 4]],
    ['are reduced to the last frame', { length: 4 }, { join: 'last' }, [5, 6, 0, 0]],
  ])('%s', async (_what, frame, output, expected) => {
    const lane = await loadedLane(audioModel(echoWave('N', 'T'), { frame, outputs: { same: output } }));
    const [answer] = await answeredTensors(lane, [wave(1, 2, 3, 4, 5, 6)]);
    expect(answer).toEqual({ same: expected });
  });

  it.each<[string, (number | string)[], unknown]>([
    ['[N,T,1]', ['N', 'T', 1], [[1], [2], [3]]],
    ['[N,1,T]', ['N', 1, 'T'], [[1, 2, 3]]],
    ['[T]', ['T'], [1, 2, 3]],
    ['[1,T]', [1, 'T'], [1, 2, 3]],
    ['[2,T], filled up', [2, 'T'], [1, 2, 3]],
  ])('are one frame, fed as %s, if the config sets no frame length', async (_what, shape, expected) => {
    const outputs = { same: { join: 'last' } };
    const lane = await loadedLane(audioModel(echoWave(...shape), { outputs }));
    const answers = await answeredTensors(lane, [wave(1, 2, 3), wave(1, 2, 3)]);
    expect(answers).toEqual([{ same: expected }, { same: expected }]);
  });

  it('of many rows of different lengths share calls, and every row gets its own answer', async () => {
    const config = { frame: { length: 3 }, frames_per_call: 2, outputs: { same: { join: 'concat' } } };
    const lane = await loadedLane(audioModel(echoWave('N', 3), config));
    const rows = Array.from({ length: 20 }, (_, i) =>
      Array.from({ length: i + 1 }, (_unused, k) => 100 * i + k),
    );
    const answers = await answeredTensors(
      lane,
      rows.map((row) => wave(...row)),
    );
    expect(answers).toEqual(rows.map((same) => ({ same })));
  });
});

describe('a state', () => {
  const config = {
    frame: { length: 4 },
    inputs: { offset: { value: 0.5 } },
    state: [{ input: 'before', output: 'after', batch_axis: 1 }],
    outputs: { total: { join: 'concat' } },
  };

  const batches: readonly (readonly [string, string | number])[] = [
    ['of any number of rows', 'N'],
    ['of one row', 1],
    ['of three rows', 3],
  ];

  it.each(batches)('%s goes from frame to frame of each row, and starts at zero', async (_what, batch) => {
    const lane = await loadedLane(audioModel(runningTotal(batch), config));
    const rows = [[1, 0, 0, 0, 2, 0, 0, 0, 3], [5], [1, 1, 1, 1, 1], [7, 0, 0, 0, 0, 0, 0, 1]];
    const expected = [[1.5, 3.5, 6.5], [5.5], [4.5, 5.5], [7.5, 8.5]];
    for (let time = 0; time < 2; time++) {
      const answers = await answeredTensors(
        lane,
        rows.map((row) => wave(...row)),
      );
      expect(answers).toEqual(expected.map((total) => ({ total })));
    }
  });

  it.each(batches)(
    '%s stays with its row when another row fails between two frames',
    async (_what, batch) => {
      const lane = await loadedLane(audioModel(runningTotal(batch), config));
      const rows = [
        [1, 0, 0, 0, 1, 0, 0, 0, 1],
        // The graph fails on the second frame.
        [2, 0, 0, 0, 0, 0, 0, 9, 1],
        [10, 0, 0, 0, 10, 0, 0, 0, 10],
        [0, 0, 0, 0, 0, 0, 0, 9],
        [100, 0, 0, 0, 100, 0, 0, 0, 100, 0, 0, 0, 100],
      ];
      const totals = [[1.5, 2.5, 3.5], null, [10.5, 20.5, 30.5], null, [100.5, 200.5, 300.5, 400.5]];
      const outcomes = await runRecords(
        lane,
        rows.map((row) => wave(...row)),
      );
      for (const [i, total] of totals.entries()) {
        expect(outcomes[i]).toMatchObject(
          total === null
            ? { ok: false, error: { code: 'inference_failed' } }
            : { ok: true, result: `"outputs":{"total":${JSON.stringify(total)}}` },
        );
      }
      // The next batch begins with new states.
      expect(await answeredTensors(lane, [wave(7)])).toEqual([{ total: [7.5] }]);
    },
  );
});

it('a state and a waveform without a batch axis run row by row', async () => {
  const config = {
    frame: { length: 2 },
    state: [{ input: 'before', output: 'after', batch_axis: null }],
    outputs: { total: { join: 'stack' } },
  };
  const lane = await loadedLane(audioModel(runningTotalAlone(), config));
  const answers = await answeredTensors(lane, [wave(1, 2, 3), wave(5)]);
  expect(answers).toEqual([
    {
      total: [
        [1, 2],
        [4, 2],
      ],
    },
    { total: [[5, 0]] },
  ]);
});

describe('class scores', () => {
  const frames = wave(2, 0, 0, 0, 1, 0);
  const softmax = (a: number, b: number) => Math.exp(a) / (Math.exp(a) + Math.exp(b));

  it.each<[string, object, number, number]>([
    ['mean', {}, (softmax(2, 0) + softmax(0, 1)) / 2, (softmax(0, 2) + softmax(1, 0)) / 2],
    ['maximum', { over_frames: 'max' }, softmax(2, 0), softmax(1, 0)],
  ])('are the %s over frames', async (_what, more, first, second) => {
    const config = { frame: { length: 3 }, answer: 'predictions', activation: 'softmax', ...more };
    const lane = await loadedLane(audioModel(firstTwo(), config, ['a', 'b']));
    const rows = [{ json: JSON.stringify(frames) }];
    const { outcomes } = await lane.run({ model: 'm', rows, options: { top_k: 5, threshold: null } });
    const [best, other] = predictionsOf(outcomes[0]);
    expect(best).toMatchObject({ index: 0, label: 'a' });
    expect(best!.score).toBeCloseTo(first, 5);
    expect(other!.score).toBeCloseTo(second, 5);
  });
});

describe('bad rows', () => {
  it('fail alone, with a sentence that says what is wrong', async () => {
    const lane = await loadedLane(audioModel(echoWave('N', 'T'), { max_seconds: 2 }));
    const outcomes = await runRecords(lane, [
      wave(1, 2),
      {},
      { samples: [1] },
      { samples: ['a'], sample_rate: 1000 },
      { samples: [[1]], sample_rate: 1000 },
      { samples: [], sample_rate: 1000 },
      { samples: [1], sample_rate: 10 },
      { samples: Array(2001).fill(0), sample_rate: 1000 },
      {
        samples: { base64: Buffer.from(Float32Array.of(3, 4).buffer).toString('base64') },
        sample_rate: 1000,
      },
    ]);
    expect(outcomes[0]).toEqual({ ok: true, result: '"outputs":{"same":[[1,2]]}' });
    expect(outcomes.slice(1, 4).map(refusalOf)).toEqual([
      'the record has no waveform: give its path or URL in the field "audio", or its samples in "samples" and their rate in "sample_rate"',
      'the field "sample_rate" must be a whole number: the rate of "samples" in Hz',
      expect.stringMatching(/^the field "samples": expected float32\[samples\], but \[0\] is "a"/),
    ]);
    expect(refusalOf(outcomes[4])).toMatch(/got \[1,1\]/);
    expect(refusalOf(outcomes[5])).toBe('the waveform has no samples');
    expect(outcomes[6]).toMatchObject({ error: { code: 'unsupported_format' } });
    expect(refusalOf(outcomes[7])).toMatch(/^the waveform has 2\.0 s or more; the limit is 2\.0 s/);
    expect(outcomes[8]).toEqual({ ok: true, result: '"outputs":{"same":[[3,4]]}' });
  });

  it('on which the model fails do not fail the other rows of their call', async () => {
    const config = { frame: { length: 3 }, outputs: { logits: {} } };
    const lane = await loadedLane(audioModel(firstTwo(), config));
    const rows = [wave(1, 2, 0), wave(1, 1, 1, 1, 1, 99), wave(3, 4, 2, 5, 6, 1)];
    const outcomes = await runRecords(lane, rows);
    expect(outcomes[0]).toEqual({ ok: true, result: '"outputs":{"logits":[[1,2]]}' });
    expect(outcomes[1]).toMatchObject({ ok: false, error: { code: 'inference_failed' } });
    expect(outcomes[2]).toEqual({ ok: true, result: '"outputs":{"logits":[[3,4],[5,6]]}' });
  });
});

it('files of another rate are resampled, scaled and normalised', async () => {
  const outputs = { same: { join: 'last' } };
  const lane = await loadedLane(audioModel(echoWave('N', 'T'), { outputs, scale: 32_768 }));
  const file = writeWav([tone(4000, 4000, 50)], { rate: 4000 });
  const rows = [{ bytes: new Uint8Array(file) }];
  const answer = async () => {
    const { outcomes } = await lane.run({ model: 'm', rows, options: {} });
    const [one] = outcomes;
    if (one?.ok !== true) throw new Error(JSON.stringify(one));
    return (JSON.parse(`{${one.result}}`) as { outputs: { same: number[] } }).outputs.same;
  };
  const scaled = await answer();
  expect(scaled.length).toBe(1000);
  expect(Math.max(...scaled) / 32_768).toBeCloseTo(0.5, 2);
  await lane.load({
    model: 'm',
    ...audioModel(echoWave('N', 'T'), { outputs, normalize: 'unit_variance' }),
    threads: 1,
  });
  const normal = await answer();
  const mean = normal.reduce((sum, value) => sum + value, 0) / 1000;
  const variance = normal.reduce((sum, value) => sum + value * value, 0) / 1000;
  expect(mean).toBeCloseTo(0, 5);
  expect(variance).toBeCloseTo(1, 4);
});

describe('a model.json that contradicts the graph is refused, and both sides are named', () => {
  const state = { input: 'before', output: 'after', batch_axis: 1 };
  const offset = { offset: { value: 0 } };
  it.each<[string, Buffer, object, RegExp]>([
    [
      'another length',
      echoWave('N', 8),
      { frame: { length: 4 } },
      /says frame\.length 4, but .*takes 8 samples: set frame\.length to 8/,
    ],
    ['no frame', echoWave('N', 8), {}, /does not say how a waveform is cut, but .*takes 8 samples/],
    [
      'several inputs',
      runningTotal(),
      {},
      /nothing in model\.json says which input takes the waveform, but it may be "wave"/,
    ],
    ['an input without a value', runningTotal(), { input: 'wave' }, /says nothing about the input "before"/],
    [
      'no input for the waveform',
      echoWave('N', 'T'),
      { inputs: { wave: { value: [0] } } },
      /lists every input .*the waveform needs one.*remove one from "inputs" or "state"/,
    ],
    [
      'the waveform as a constant',
      echoWave('N', 'T'),
      { input: 'wave', inputs: { wave: { value: [0] } } },
      /names "wave" as the input of the waveform.*also has it under "inputs": remove it there/,
    ],
    [
      'a wrong name',
      echoWave('N', 'T'),
      { input: 'waves' },
      /names the input "waves".*did you mean "wave"\?/,
    ],
    ['an ambiguous layout', echoWave('N', 'C', 'T'), {}, /set "layout" to "nt1" or "n1t"/],
    ['another layout', echoWave('N', 'T'), { layout: 'n1t' }, /the layout "n1t" in model\.json has 3 axes/],
    ['two channels', echoWave('N', 2, 'T'), { layout: 'n1t' }, /the layout "n1t" has one channel/],
    [
      'a wrong state',
      runningTotal(),
      { frame: { length: 4 }, inputs: offset, state: [{ ...state, output: 'x' }] },
      /names the output "x" in "state"/,
    ],
    [
      'a wrong state axis',
      runningTotal(),
      { frame: { length: 4 }, inputs: offset, state: [{ ...state, batch_axis: 0 }] },
      /has the batch on axis 0/,
    ],
    [
      'an unknown constant',
      echoWave('N', 'T'),
      { inputs: { sr: { value: 1 } } },
      /gives the input "sr" a value/,
    ],
    [
      'an axis that is not there',
      echoWave('N', 4),
      { frame: { length: 4 }, outputs: { same: { join: 'concat', time_axis: 3 } } },
      /outputs\.same in model\.json \(time_axis 3/,
    ],
    [
      'no class scores',
      echoWave('N', 1, 4),
      { frame: { length: 4 }, answer: 'predictions' },
      /a classifier needs an output \[batch, classes\]/,
    ],
  ])('%s', async (_what, graph, more, message) => {
    const lane = sharedLane();
    const loading = lane.load({ model: 'm', ...audioModel(graph, more), threads: 1 });
    await expect(loading).rejects.toMatchObject({
      code: 'config_mismatch',
      message: expect.stringMatching(message) as string,
    });
  });

  it('contradictions within model.json are found without the graph', () => {
    const read = (more: object) => readModelConfig({ name: 'm', task: 'audio', sample_rate: 1000, ...more });
    const refused = (path: string, message: string) => ({
      ok: false,
      issues: [{ path, message: expect.stringContaining(message) as string }],
    });
    expect(read({ labels: 'l.txt' })).toEqual(refused('/labels', 'has no use with the answer "outputs"'));
    expect(read({ state: [{ input: 'a', output: 'b' }] })).toEqual(refused('/frame', 'is missing'));
    expect(read({ frame: { length: 4, context: 4 } })).toEqual(
      refused('/frame/context', 'must be less than "length"'),
    );
    expect(read({ frame: { length: 4, hop: 5 } })).toEqual(refused('/frame/hop', 'leaves samples out'));
    const outputs = { y: { trim: 1 } };
    expect(read({ outputs })).toEqual(refused('/outputs/y/trim', 'has no use without "join": "concat"'));
    expect(read({ sample_rate: 1 }).ok).toBe(false);
  });
});
