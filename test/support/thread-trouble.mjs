// A hook for a worker (NODE_OPTIONS), or the entry of a lane's process. It makes decode threads fail. A thread that
// opens `killer.png` kills the process, as a crash of a native library would. A thread that opens `leaver.png` ends
// alone, as if it had no memory for its heap. A thread that opens `sleeper.png` never returns.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import workerThreads, { isMainThread } from 'node:worker_threads';
import { inLane } from './into-lanes.mjs';

if (!isMainThread) failOnSomeFiles();
else if (process.argv[1]?.endsWith('thread-trouble.mjs')) {
  hookThreads();
  await import('../../dist/workers/lane/main.js');
} else if (inLane(import.meta.url)) hookThreads();

function hookThreads() {
  const { Worker } = workerThreads;
  workerThreads.Worker = class extends Worker {
    constructor(entry, options) {
      const decodes = String(entry).endsWith('decode-threads/main.js');
      super(entry, decodes ? { ...options, execArgv: ['--import', import.meta.url] } : options);
    }
  };
  syncBuiltinESMExports();
}

function failOnSomeFiles() {
  const { openSync } = fs;
  fs.openSync = (path, ...rest) => {
    const name = String(path);
    if (name.endsWith('killer.png')) process.kill(process.pid, 'SIGKILL');
    if (name.endsWith('leaver.png')) process.exit(3);
    // A signal may take a moment, and the row must not be answered meanwhile.
    if (/(killer|sleeper)\.png$/.test(name)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    return openSync(path, ...rest);
  };
  syncBuiltinESMExports();
}
