// Writes and loads model folders in the layouts of Hugging Face and Triton.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { loadModelFolder, type ModelFolder } from '#forebay/shared/models/model-folder.js';
import { toModelLoad } from '#forebay/workers/lane-pool/model-load.js';
import { sharedLane, testFolder } from './lanes.ts';

/** Writes files into a new folder of the test, objects as JSON. Returns the folder. */
export function writeFolder(files: Readonly<Record<string, object | string | Buffer>>, name = 'm'): string {
  const dir = join(testFolder(), name);
  for (const [file, content] of Object.entries(files)) {
    const path = join(dir, file);
    mkdirSync(dirname(path), { recursive: true });
    const isText = typeof content === 'string' || Buffer.isBuffer(content);
    writeFileSync(path, isText ? content : JSON.stringify(content));
  }
  return dir;
}

/** Loads the model of a folder into a lane, as a worker does. */
export async function servedFolder(dir: string) {
  const folder = await loadModelFolder(dir);
  const lane = sharedLane();
  const info = await lane.load(toLoad(folder));
  return { folder, lane, info };
}

function toLoad(folder: ModelFolder) {
  return { model: 'm', ...toModelLoad(folder, { threads: 1 }) };
}
