// For hooks that NODE_OPTIONS loads into a worker. Lanes inherit no preloads, so the worker has to start them with the hook.
import childProcess from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';

/** True in a lane. In any other process it returns false, and lanes that the process starts load the hook, too. */
export function inLane(hook) {
  if (process.argv[1]?.endsWith('lane/main.js')) return true;
  const { fork } = childProcess;
  childProcess.fork = (entry, args, options) =>
    fork(entry, args, { ...options, execArgv: ['--import', hook, ...options.execArgv] });
  syncBuiltinESMExports();
  return false;
}
