// A parent process for a test to kill. It starts a lane, sends the lane's pid, and loads a model.
import { startChildLane } from '#forebay/workers/lane-pool/child-lane.js';
import { NO_ROWS } from '#forebay/workers/lane-pool/no-rows.js';
import { loadModelFolder } from '#forebay/shared/models/model-folder.js';

const dir = process.argv[2];
const lane = startChildLane({ index: 0, uvThreads: 1, limits: NO_ROWS });
process.send(lane.pid);
const { config } = await loadModelFolder(dir);
await lane.load({ model: 'm', dir, config, named: [], threads: 1 });
