/** `model init --predictor`: writes a folder with code, a test and a config, and loads it as a worker does. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ROW_KINDS, type RowKind } from '../../../shared/tasks/task-description.ts';
import type { ModelInfo } from '../../lane/messages.ts';
import { createFilePlacer } from '../place-files.ts';
import { templateOf } from './template.ts';

export interface PredictorRequest {
  readonly name: string;
  readonly dir: string;
  readonly input: RowKind;
}

export function toRowKind(given: string | undefined): RowKind {
  const kind = ROW_KINDS.find((one) => one === (given ?? 'features'));
  if (kind !== undefined) return kind;
  throw new Error(`--input is one of ${ROW_KINDS.join(', ')}, not "${given}"`);
}

/** Returns the names of the files. Throws an Error or ForebayError, and then leaves nothing behind. */
export async function makePredictor(
  { name, dir, input }: PredictorRequest,
  tryLoad: (dir: string) => Promise<ModelInfo>,
): Promise<{ readonly files: readonly string[]; readonly loadMs: number }> {
  if ((await stat(dir).catch(() => null)) !== null) throw new Error(`${dir} exists and was not changed`);
  const placer = createFilePlacer();
  const files = templateOf(name, input);
  try {
    for (const [file, text] of files) await placer.write(join(dir, file), text);
    const { loadMs } = await tryLoad(dir);
    return { files: [...files.keys()], loadMs };
  } catch (error) {
    await placer.undo();
    throw error;
  }
}
