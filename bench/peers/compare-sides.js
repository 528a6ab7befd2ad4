/** Runs the same work through the service and its peers, in turns. */
import { basename } from 'node:path';
import { inTurns } from '../harness/in-turns.js';
import { startService } from '../harness/service.js';
import { chartsOf, rowsOf } from './figures.js';
import { runPeer } from './run-peer.js';
import { runService } from './run-service.js';

/**
 * @param {object} options
 * @param {string} options.what the rows are
 * @param {import('./run-peer.js').Work} options.work
 * @param {{ input: object, roots: readonly string[] }} options.dataset the same rows for a job
 * @param {string} [options.format] of the service's results
 * @param {(row: object, expected: any) => boolean} options.isRight
 * @param {Record<string, { label: string, folder: string }>} options.services ways of running the service, by name; each serves one model folder
 * @param {Record<string, { label: string, program: string, args: readonly string[] }>} options.peers by name
 * @param {import('./figures.js').Comparison['targets']} options.targets
 * @param {string} options.targetSide
 * @param {{ python: string, cores: number, runs: number, log: (text: string) => void }} options.context
 * @returns `data`: runs by side; `rows`; `charts`
 */
export async function compareSides(options) {
  const { what, work, dataset, format, isRight, services, peers, targets, targetSide, context } = options;
  const { python, cores, runs, log } = context;
  const service = (folder) => async () => {
    // Started for each run, so that it never competes with a peer. The start is not measured.
    const running = await startService({ models: [folder], inputs: dataset.roots });
    try {
      const body = { model: basename(folder), input: dataset.input, ...(format && { output: { format } }) };
      return await runService(running, body, work, isRight);
    } finally {
      await running.stop();
    }
  };
  const sides = { ...services, ...peers };
  const variants = Object.fromEntries(
    Object.entries(sides).map(([side, { folder, program, args }]) => [
      side,
      folder === undefined ? async () => runPeer(python, program, args, work, cores) : service(folder),
    ]),
  );
  const data = await inTurns({ runs, variants, log: (text) => log(`${what}, ${text}`), show });
  const labels = Object.fromEntries(Object.entries(sides).map(([side, { label }]) => [side, label]));
  const comparison = { what, data, labels, targets, targetSide };
  return { data, rows: rowsOf(comparison), charts: chartsOf(comparison) };
}

function show(figures) {
  const { rowsPerS, steadyRowsPerS, cpuMsPerRow, steadyCpuMsPerRow, peakMb, firstS, right, of } = figures;
  return (
    `${rowsPerS.toFixed(1)} rows/s, once running ${steadyRowsPerS?.toFixed(1)}, ${cpuMsPerRow.toFixed(1)} CPU ms per row, ` +
    `once running ${steadyCpuMsPerRow?.toFixed(1)}, ${peakMb.toFixed(0)} MB, first result ${firstS?.toFixed(2)} s, ${right} of ${of} right`
  );
}
