// A parent for a test to kill. It starts a lane, sends the lane's pid, and loads a model that computes for minutes.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startChildLane } from '#forebay/workers/lane-pool/child-lane.js';
import { NO_ROWS } from '#forebay/workers/lane-pool/no-rows.js';
import { MODEL_CONFIG } from '#forebay/shared/domain/model/model-config.js';

const dir = process.argv[2];
const lane = startChildLane({ index: 0, uvThreads: 1, limits: NO_ROWS });
process.send(lane.pid);
const config = MODEL_CONFIG.parse(JSON.parse(readFileSync(join(dir, 'model.json'), 'utf8')));
await lane.load({ model: 'm', dir, config, labels: null, threads: 1 });
