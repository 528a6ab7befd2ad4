/** Measures the time from submit until a client has received a job's first result, and all of them. */
import { performance } from 'node:perf_hooks';

/**
 * @param {object} client
 * @param {object} body of the submit
 * @returns {Promise<{ firstMs: number, allMs: number }>}
 */
export async function timeResults(client, body) {
  const start = performance.now();
  const { id } = await client.submit(body);
  let firstMs = null;
  for await (const row of client.results(id, { follow: true, includeErrors: true })) {
    firstMs ??= performance.now() - start;
    if ('error' in row) throw new Error(`a row failed: ${JSON.stringify(row.error)}`);
  }
  if (firstMs === null) throw new Error(`job ${id} gave no result`);
  return { firstMs, allMs: performance.now() - start };
}
