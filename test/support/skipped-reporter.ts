// Lists what was skipped at the end of a run. The names of skipped suites and tests say why.
import { relative } from 'node:path';
import type { Reporter, TestModule, TestSuite, Vitest } from 'vitest/node';

export class SkippedReporter implements Reporter {
  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    // With `-t`, most tests are skipped because the user wants it.
    if (this.#vitest?.config.testNamePattern !== undefined) return;
    const lines = modules.flatMap((module) => {
      const file = relative(process.cwd(), module.moduleId);
      return [...skippedIn(module)].map((name) => `  ${file}\n    ${name}`);
    });
    if (lines.length === 0) return;
    process.stdout.write(`\n Skipped suites and tests: ${lines.length}\n${lines.toSorted().join('\n')}\n\n`);
  }
}

/** A skipped suite counts once, whatever is in it. */
function* skippedIn(parent: TestModule | TestSuite): Generator<string> {
  for (const child of parent.children) {
    if (child.options.mode === 'skip') yield child.fullName;
    else if (child.type === 'suite') yield* skippedIn(child);
  }
}
