// For hooks that NODE_OPTIONS loads into a worker. Lanes inherit no preloads, so the worker must pass the hook to them.
import childProcess from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';
import { unpackRequest } from '#forebay/workers/lane/channel/wire.js';

/** True in a lane. In any other process it returns false, and lanes started by that process also load the hook. */
export function inLane(hook) {
  if (process.argv[1]?.endsWith('lane/main.js')) return true;
  const { fork } = childProcess;
  childProcess.fork = (entry, args, options) =>
    fork(entry, args, { ...options, execArgv: ['--import', hook, ...options.execArgv] });
  syncBuiltinESMExports();
  return false;
}

/** The rows of the batch that an event of `process` delivers to the lane. Empty for any other event. */
export function rowsIn(event, message) {
  const request = event === 'message' ? unpackRequest(message) : null;
  return request?.type === 'batch' ? request.rows : [];
}
