/** When the first result of a job came to lie on the disk. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @param {string} folder that may not exist yet @param {RegExp} name of a file with results
 * @param {number} began performance.now() when the job did @returns `stop()`: seconds, or null
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
