/** Names this kind of processor, for cached results that are valid only on it. */
import { readFileSync } from 'node:fs';
import { arch, cpus, platform } from 'node:os';
import { sha256 } from '../../../shared/text/sha256.ts';

/** 12 hex digits of a hash over platform, architecture, processor model and instruction sets. */
export function machineKey(): string {
  const facts = [platform(), arch(), cpus()[0]?.model ?? '', instructionSets()];
  return sha256(facts.join('\n')).slice(0, 12);
}

/** On Linux, the first core's flags. The processor's name does not imply them, because a hypervisor may hide some. */
function instructionSets(): string {
  try {
    return /^(?:flags|Features)\s*:\s*(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? '';
  } catch {
    return '';
  }
}
