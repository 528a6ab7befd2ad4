/**
 * What coordination costs, fitted to measurements: a kind of process keeps a cores busy per idle worker, b per block
 * and second, and c per row and second. From this follows the rate at which one core is full.
 */

/**
 * @typedef {{ rowsPerS: number, blocksPerS: number, cores: Record<string, number> }} Load
 * @typedef {{ perWorker: number, perBlock: number, perRow: number }} Cost all in core seconds
 */

/**
 * Solves the two equations of two loads with the same workers and different blocks. A cost that noise makes negative
 * counts as 0. The other one is then fitted to the load that has more of it.
 *
 * @param {string} kind
 * @param {{ workers: number, idle: Record<string, number>, small: Load, large: Load }} measured `small`, `large`: blocks
 * @returns {Cost}
 */
export function fitCost(kind, { workers, idle, small, large }) {
  const busy = (load) => Math.max(0, load.cores[kind] - idle[kind]);
  const perWorker = idle[kind] / workers;
  const determinant = small.blocksPerS * large.rowsPerS - large.blocksPerS * small.rowsPerS;
  const perBlock = (busy(small) * large.rowsPerS - busy(large) * small.rowsPerS) / determinant;
  const perRow = (busy(large) * small.blocksPerS - busy(small) * large.blocksPerS) / determinant;
  if (perBlock < 0) return { perWorker, perBlock: 0, perRow: busy(large) / large.rowsPerS };
  if (perRow < 0) return { perWorker, perBlock: busy(small) / small.blocksPerS, perRow: 0 };
  return { perWorker, perBlock, perRow };
}

/**
 * Rows per second at which `workers` workers fill one core of the process.
 * @param {Cost} cost
 */
export function wall({ perWorker, perBlock, perRow }, workers, blockRows) {
  return Math.max(0, 1 - workers * perWorker) / (perBlock / blockRows + perRow);
}
