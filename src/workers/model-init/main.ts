/**
 * The process of `forebay model init`, which is separate because it runs worker code. It exits with 0 only if the model
 * loads.
 */
import { endWhenOutputCloses } from '../../shared/process/closed-output.ts';
import { startChildLane } from '../lane-pool/child-lane.ts';
import { runModelInit } from './model-init.ts';

endWhenOutputCloses();
process.exitCode = await runModelInit(process.argv.slice(2), {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  startLane: startChildLane,
});
