/** Samples how busy the GPU and the cores are while something runs. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

const QUERY = ['--query-gpu=utilization.gpu,memory.used', '--format=csv,noheader,nounits', '--loop-ms=500'];

/**
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<{ result: T, gpu: number | null, gpuMb: number | null, cpu: number }>} mean share of the GPU, its
 *   highest memory in MB, and mean share of the cores. Null without nvidia-smi.
 */
export async function watched(work) {
  const smi = watchGpu();
  const before = cpuTicks();
  const result = await work();
  const after = cpuTicks();
  const samples = smi.stop();
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const known = samples.length > 0;
  return {
    result,
    gpu: known ? mean(samples.map(([busy]) => busy)) / 100 : null,
    gpuMb: known ? Math.max(...samples.map(([, mb]) => mb)) : null,
    cpu: (after.busy - before.busy) / Math.max(1, after.all - before.all),
  };
}

function watchGpu() {
  const samples = [];
  const child = spawn('nvidia-smi', QUERY, { stdio: ['ignore', 'pipe', 'ignore'] });
  child.on('error', () => {});
  child.stdout.on('data', (data) => {
    for (const line of String(data).trim().split('\n')) {
      const numbers = line.split(',').map(Number);
      if (numbers.length === 2 && numbers.every(Number.isFinite)) samples.push(numbers);
    }
  });
  return {
    stop() {
      child.kill();
      return samples;
    },
  };
}

function cpuTicks() {
  const [, ...ticks] = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0].trim().split(/\s+/);
  const all = ticks.slice(0, 8).reduce((sum, value) => sum + Number(value), 0);
  return { all, busy: all - Number(ticks[3]) - Number(ticks[4]) };
}
