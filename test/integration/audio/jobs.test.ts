// Jobs on waveforms: files of a folder, and records that name a file or hold samples.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tone, writeWav } from '../../support/audio/write-wav.ts';
import { echoWave } from '../../support/onnx/audio-models.ts';
import { readOutput, startService, type Service } from '../../support/service.ts';

const FLAC = join(import.meta.dirname, '../../support/audio/stereo-16.flac');

let service: Service;
beforeAll(async () => {
  service = await startService({ workers: 0 });
  writeModel(join(service.models, 'loudest'));
  const sounds = join(service.input, 'sounds');
  mkdirSync(sounds);
  writeFileSync(join(sounds, 'a.wav'), writeWav([tone(8000, 8000, 100, 0.25)], { rate: 8000 }));
  writeFileSync(join(sounds, 'b.flac'), readFileSync(FLAC));
  writeFileSync(join(sounds, 'c.wav'), Buffer.from('not a waveform'));
  const lines = [
    { id: 'file', audio: 'sounds/a.wav' },
    { id: 'samples', samples: [...tone(1000, 1000, 100, 0.125)], sample_rate: 1000 },
    { id: 'nothing' },
    { id: 'gone', audio: 'sounds/gone.wav' },
  ];
  writeFileSync(join(service.input, 'rows.jsonl'), lines.map((line) => JSON.stringify(line)).join('\n'));
  await service.startWorker();
}, 60_000);
afterAll(async () => service.close());

/** The output `same` holds the maximum over all frames, for each position in a frame. */
function writeModel(dir: string): void {
  const config = {
    name: 'loudest',
    task: 'audio',
    sample_rate: 1000,
    frame: { length: 100 },
    outputs: { same: { join: 'max' } },
  };
  mkdirSync(dir);
  writeFileSync(join(dir, 'model.onnx'), echoWave('N', 100));
  writeFileSync(join(dir, 'model.json'), JSON.stringify(config));
}

it('each file of a folder is answered, and a file that is not a waveform fails alone', async () => {
  const { id } = await service.submit({ model: 'loudest', input: { type: 'files', path: 'sounds' } });
  const job = await service.ended(id);
  expect(job).toMatchObject({ status: 'completed', rows: { total: 3, succeeded: 2, failed: 1 } });
  const [first, second] = readOutput(job.output) as unknown as { id: string; outputs: { same: number[] } }[];
  expect([first!.id, second!.id]).toEqual(['a.wav', 'b.flac']);
  expect(Math.max(...first!.outputs.same)).toBeCloseTo(0.238, 2);
  expect(second!.outputs.same.length).toBe(100);
  expect(readOutput(job.output, 'errors')).toMatchObject([
    {
      id: 'c.wav',
      error: { code: 'unsupported_format', message: expect.stringContaining('neither WAV nor FLAC') },
    },
  ]);
});

it('records that name a file or hold samples are answered, and other records fail', async () => {
  const { id } = await service.submit({ model: 'loudest', input: { type: 'jsonl', path: 'rows.jsonl' } });
  const job = await service.ended(id);
  const rows = readOutput(job.output) as unknown as { id: string; outputs: { same: number[] } }[];
  expect(rows.map((row) => row.id)).toEqual(['file', 'samples']);
  expect(Math.max(...rows[1]!.outputs.same)).toBeCloseTo(0.119, 2);
  expect(readOutput(job.output, 'errors')).toMatchObject([
    { id: 'nothing', error: { code: 'invalid_row', message: expect.stringContaining('has no waveform') } },
    { id: 'gone', error: { code: 'file_not_found' } },
  ]);
});

it('a plan names the sample rate and the frames', async () => {
  const response = await service.post('/v1/plan', {
    model: 'loudest',
    input: { type: 'files', path: 'sounds' },
  });
  expect(response.status).toBe(200);
  const text = JSON.stringify(await response.json());
  expect(text).toContain('to 1000 Hz');
  expect(text).toContain('100 samples, every 100');
});
