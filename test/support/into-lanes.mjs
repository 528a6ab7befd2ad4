// For hooks that NODE_OPTIONS loads into a worker. Lanes inherit no preloads, so the worker must start them with the hook.
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

/** The rows of an event of `process`, if it brings a batch to the lane. */
export function rowsIn(event, message) {
  const request = event === 'message' ? unpackRequest(message) : null;
  return request?.type === 'batch' ? request.rows : [];
}
