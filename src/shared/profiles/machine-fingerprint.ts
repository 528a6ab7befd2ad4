/**
 * Identifies the machines for which a measurement of speed is valid. They have the same hardware and the same versions
 * of the software that computes.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, cpus } from 'node:os';
import { sha256 } from '../text/sha256.ts';
import type { Machine } from './profile.ts';

const GB = 2 ** 30;

/**
 * `resources`: CPUs and memory of this process's cgroup, so two containers on one machine may count as different
 * machines.
 */
export function describeMachine(resources: { readonly cpus: number; readonly memoryBytes: number }): Machine {
  return fingerprinted({
    cpu: cpus()[0]?.model.trim() || 'unknown',
    cpus: resources.cpus,
    // In whole GB, because the share of firmware and kernel varies from boot to boot.
    memory_gb: Math.round(resources.memoryBytes / GB),
    arch: arch(),
    node: process.versions.node.split('.')[0]!,
    onnxruntime: runtimeVersion(),
  });
}

/** The fingerprint is a hash of all the other facts. */
export function fingerprinted(facts: Omit<Machine, 'fingerprint'>): Machine {
  const { cpu, cpus: count, memory_gb, arch: architecture, node, onnxruntime } = facts;
  const text = JSON.stringify([cpu, count, memory_gb, architecture, node, onnxruntime]);
  return { fingerprint: sha256(text).slice(0, 12), ...facts };
}

/** Version of the package. Does not load its library. */
function runtimeVersion(): string {
  try {
    const path = createRequire(import.meta.url).resolve('onnxruntime-node/package.json');
    return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
  } catch {
    return 'unknown';
  }
}
