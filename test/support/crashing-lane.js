// A lane's process whose "model" answers each row with the row's only byte. On 0x66 it kills itself, as a native crash
// would. On 0x77 it never returns. While the model's folder has files, each load removes one and kills the process. It
// uses the real protocol of lanes over the real channel.
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { packOutcomes } from '#forebay/shared/domain/outcomes.js';
import { unpackRequest } from '#forebay/workers/lane/channel/wire.js';
import { listOf } from '#forebay/workers/lane/lane-rows.js';

const seen = [];
process.on('message', (packed) => {
  const message = unpackRequest(packed);
  if (message.type === 'load') {
    const [death] = message.dir === '' ? [] : readdirSync(message.dir);
    if (death !== undefined) {
      rmSync(join(message.dir, death), { force: true });
      process.kill(process.pid, 'SIGKILL');
    }
    process.send({
      type: 'loaded',
      model: message.model,
      info: { inputs: [], outputs: [], fixedBatch: null, notes: [], loadMs: 1 },
    });
    return;
  }
  if (message.type === 'close') {
    process.exit(0);
    return;
  }
  if (message.type !== 'batch') return;
  seen.push(message);
  setImmediate(run);
});

function run() {
  const batch = seen.shift();
  if (!batch) return;
  const rows = listOf(batch.rows);
  if (rows.some((row) => row.bytes[0] === 0x66)) process.kill(process.pid, 'SIGKILL');
  if (rows.some((row) => row.bytes[0] === 0x77)) for (;;);
  const outcomes = rows.map((row) => ({
    ok: true,
    result: `"predictions":[{"index":${row.bytes[0]},"score":1}]`,
  }));
  const own = { idleMs: 0, readMs: 0, decodeMs: 0, prepareMs: 0, inferMs: 0, postMs: 0, restMs: 0 };
  const timings = { ...own, decodeAheadMs: 0, laneWaitMs: 0, bytes: 0 };
  process.send({ type: 'done', batch: batch.batch, outcomes: packOutcomes(outcomes), timings });
}
