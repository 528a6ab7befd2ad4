/** The facts about a model's file that its lanes need. */
import type { NamedModelFile } from '../../shared/models/named-files.ts';
import type { LaneFile } from '../lane/messages.ts';

export function toLaneFile({ field, path, sha256 }: NamedModelFile): LaneFile {
  return { field, path, sha256 };
}
