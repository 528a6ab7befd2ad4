/** Runs one job of a running service whose model is resident, and measures it from submit to its last committed part. */
import { commitsOf, PART, rateBetween, wholeWindow } from '../endtoend/commits.js';
import { finished } from '../harness/service.js';
import { watchForFile } from './first-file.js';
import { watchTree } from './watch.js';

/**
 * @param {object} service of startService
 * @param {{ model: string, input: { type: string, path: string }, output?: { format: string } }} body of the submit
 * @param {import('./run-peer.js').Work} work
 * @param {(row: object, expected: any) => boolean} isRight compares a result with the truth
 * @returns {Promise<import('./run-peer.js').Figures>}
 */
export async function runService(service, body, { keys, truth }, isRight) {
  const watch = watchTree(service.pid);
  const began = performance.now();
  const { id, output } = await service.client.submit(body);
  const first = watchForFile(output, PART, began);
  await finished(service.client, id, { everyMs: 50 });
  const wholeS = (performance.now() - began) / 1000;
  const { cpuSeconds, cpuBetween, peakBytes } = watch.stop();
  const firstS = first.stop();
  const commits = commitsOf(output);
  const window = wholeWindow(commits);
  const steadyRate = rateBetween(commits, window);
  const steadyRows = (steadyRate * (window.to - window.from)) / 1000;
  const right = new Map();
  let rows = 0;
  for await (const row of service.client.results(id)) {
    rows += 1;
    const key = keys[row.index];
    if (truth[key] !== undefined) right.set(key, isRight(row, truth[key]));
  }
  if (rows !== keys.length) throw new Error(`${rows} results do not answer ${keys.length} rows`);
  return {
    rows,
    wholeS,
    rowsPerS: rows / wholeS,
    steadyRowsPerS: steadyRate,
    cpuMsPerRow: (cpuSeconds * 1000) / rows,
    steadyCpuMsPerRow: (cpuBetween(window.from / 1000, window.to / 1000) * 1000) / steadyRows,
    peakMb: peakBytes / 1e6,
    firstS,
    right: [...right.values()].filter(Boolean).length,
    of: right.size,
  };
}
