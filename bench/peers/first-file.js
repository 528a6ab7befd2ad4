/** Finds out when the first results of a job are on disk. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @param {string} folder may not exist yet
 * @param {RegExp} name matches the names of files with results
 * @param {number} began performance.now() at the start of the job
 * @returns `stop()`, which returns the seconds until the first file, or null if there is none
 */
export function watchForFile(folder, name, began, everyMs = 10) {
  let seconds = null;
  const look = () => {
    if (seconds === null && holdsResults(folder, name)) seconds = (performance.now() - began) / 1000;
  };
  const timer = setInterval(look, everyMs);
  return {
    stop() {
      clearInterval(timer);
      look();
      return seconds;
    },
  };
}

function holdsResults(folder, name) {
  try {
    return readdirSync(folder).some((file) => name.test(file) && statSync(join(folder, file)).size > 0);
  } catch {
    return false;
  }
}
