/** Runs one job of a running service whose model is resident, and measures it from submit to its last committed part. */
import { commitsOf, rateBetween, wholeWindow } from '../endtoend/commits.js';
import { finished } from '../harness/service.js';
import { watchForFile } from './first-file.js';
import { watchTree } from './watch.js';

/**
 * @param {object} service of startService
 * @param {{ type: string, path: string }} input a manifest of the files
 * @param {import('./run-peer.js').Work} work
 * @returns {Promise<import('./run-peer.js').Figures>}
 */
export async function runService(service, input, { files, truth }) {
  const watch = watchTree(service.pid);
  const began = performance.now();
  const { id, output } = await service.client.submit({ model: 'mobilenetv2', input });
  const first = watchForFile(output, /^part-.*\.jsonl$/, began);
  await finished(service.client, id, { everyMs: 50 });
  const wholeS = (performance.now() - began) / 1000;
  const { cpuSeconds, peakBytes } = watch.stop();
  const firstS = first.stop();
  const commits = commitsOf(output);
  const answers = new Map();
  let rows = 0;
  for await (const row of service.client.results(id)) {
    rows += 1;
    answers.set(files[row.index], row.predictions[0].index);
  }
  if (rows !== files.length) throw new Error(`${rows} results do not answer ${files.length} rows`);
  const known = [...answers].filter(([path]) => truth[path] !== undefined);
  return {
    rows,
    wholeS,
    rowsPerS: rows / wholeS,
    steadyRowsPerS: rateBetween(commits, wholeWindow(commits)),
    cpuMsPerRow: (cpuSeconds * 1000) / rows,
    peakMb: peakBytes / 1e6,
    firstS,
    right: known.filter(([path, found]) => truth[path] === found).length,
    of: known.length,
  };
}
