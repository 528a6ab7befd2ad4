// A lane's process whose decode threads have accidents. A thread that opens `killer.png` kills the process, as a crash of a
// native library would. One that opens `leaver.png` ends alone, as one without memory for its heap would.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import workerThreads, { isMainThread } from 'node:worker_threads';

if (isMainThread) {
  const { Worker } = workerThreads;
  workerThreads.Worker = class extends Worker {
    constructor(entry, options) {
      const hooked = String(entry).endsWith('decode-threads/main.js');
      super(entry, hooked ? { ...options, execArgv: ['--import', import.meta.url] } : options);
    }
  };
  syncBuiltinESMExports();
  await import('../../dist/workers/lane/main.js');
} else {
  const { openSync } = fs;
  fs.openSync = (path, ...rest) => {
    if (String(path).endsWith('killer.png')) process.kill(process.pid, 'SIGKILL');
    if (String(path).endsWith('leaver.png')) process.exit(3);
    return openSync(path, ...rest);
  };
  syncBuiltinESMExports();
}
