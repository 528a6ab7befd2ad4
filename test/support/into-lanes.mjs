// For hooks that NODE_OPTIONS loads into a worker. Lanes get no preloads: the worker has to start them with the hook.
import childProcess from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';

/** True in a lane. In any other process: false, and the lanes that it starts load the hook, too. */
export function inLane(hook) {
  if (process.argv[1]?.endsWith('lane/main.js')) return true;
  const { fork } = childProcess;
  childProcess.fork = (entry, args, options) =>
    fork(entry, args, { ...options, execArgv: ['--import', hook, ...options.execArgv] });
  syncBuiltinESMExports();
  return false;
}
