// What benchmarks read of a process from /proc.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

interface Processes {
  readonly cpuSeconds: (pids: readonly number[]) => number;
  readonly rssBytes: (pids: readonly number[]) => number;
  readonly treeOf: (pid: number) => number[];
}

const path = new URL('../../../bench/harness/processes.js', import.meta.url).href;
const { cpuSeconds, rssBytes, treeOf } = (await import(path)) as Processes;

it.skipIf(!existsSync('/proc/self/stat'))('the name of a process may contain parentheses', async () => {
  const script = "process.title = 'a) S 1 (b'; process.stdout.write('named'); process.stdin.resume()";
  const child = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    await once(child.stdout, 'data');
    const pid = child.pid!;
    expect(readFileSync(`/proc/${pid}/stat`, 'utf8')).toContain('(a) S 1 (b)');
    expect(cpuSeconds([pid])).toBeGreaterThan(0);
    expect(cpuSeconds([pid])).toBeLessThan(60);
    expect(rssBytes([pid])).toBeGreaterThan(1e6);
    expect(treeOf(process.pid)).toContain(pid);
  } finally {
    child.kill();
  }
});
