/**
 * The process of `forebay model init`, which is separate because it runs worker code. It exits with 0 only if the model
 * loads. The first argument is the name by which the user called the program.
 */
import { endWhenOutputCloses } from '../../shared/process/closed-output.ts';
import { startChildLane } from '../lane-pool/child-lane.ts';
import { runModelInit } from './model-init.ts';

endWhenOutputCloses();
const [program = 'forebay', ...args] = process.argv.slice(2);
process.exitCode = await runModelInit(args, {
  program,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  startLane: startChildLane,
});
