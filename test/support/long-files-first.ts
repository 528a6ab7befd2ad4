// Starts test files that are short to read but long to run before the other files of their project. Vitest starts large
// files first where it knows no times yet, so such a file could run alone at the end.
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const LONG = [
  'unit/api/http/body/background-parser.test.ts',
  'unit/workers/intake/read/store-outage.test.ts',
];

export class LongFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const projects = [...new Set(sorted.map((file) => file.project))];
    return projects.flatMap((project) => {
      const own = sorted.filter((file) => file.project === project);
      return [...own.filter(isLong), ...own.filter((file) => !isLong(file))];
    });
  }
}

function isLong(file: TestSpecification): boolean {
  return LONG.some((name) => file.moduleId.endsWith(`/test/${name}`));
}
