// Models that scikit-learn trained and skl2onnx converted give the same answers as in Python. Skipped without
// ../shared/data.
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RowOutcome } from '#forebay/shared/domain/row.js';
import {
  loadedLane,
  predictionsOf,
  testFolder,
  sharedLane,
  type LoadableModel,
} from '../../support/lanes.ts';
import { checkedConfig } from '../../support/onnx/models.ts';

const OPEN = resolve(import.meta.dirname, '../../../../shared/data/open');
const TABULAR = join(OPEN, 'tabular');
const STRINGS = join(OPEN, 'strings');

interface Reference {
  readonly feeds: Readonly<Record<string, readonly (readonly (number | string)[])[]>>;
  readonly out: {
    readonly label: readonly (number | string)[];
    readonly probabilities: readonly (readonly number[])[];
    readonly variable: readonly (readonly number[])[];
  };
}

describe.skipIf(!existsSync(TABULAR))('tabular models (skipped without ../shared/data)', () => {
  it.each([
    ['iris-forest', 4, ['setosa', 'versicolor', 'virginica']],
    ['cancer-logreg-zipmap', 30, ['malignant', 'benign']],
  ])('%s names the classes of all rows, with the scores of scikit-learn', async (name, width, classes) => {
    const columns = Array.from({ length: width }, (_, i) => `f${i}`);
    const { feeds, out } = referenceOf(name);
    const rows = feeds['X']!.map((values) => Object.fromEntries(values.map((v, i) => [`f${i}`, v])));
    const outcomes = await answersOf(modelOf(TABULAR, name, { columns, classes }), rows);
    expectScores(outcomes, out.probabilities);
    expect(outcomes.map((o) => predictionsOf(o)[0]!.label)).toEqual(
      out.label.map((label) => classes[Number(label)]),
    );
  });

  it('iris-forest without class names labels each row as the graph does', async () => {
    const columns = ['a', 'b', 'c', 'd'];
    const { feeds, out } = referenceOf('iris-forest');
    const rows = feeds['X']!.map(([a, b, c, d]) => ({ a, b, c, d }));
    const outcomes = await answersOf(modelOf(TABULAR, 'iris-forest', { columns, top_k: 1 }), rows);
    expect(outcomes.map((o) => predictionsOf(o)[0]!.label)).toEqual(out.label.map(String));
  });

  it('diabetes-gbr, a regression, gives one number per row', async () => {
    const columns = Array.from({ length: 10 }, (_, i) => `f${i}`);
    const { feeds, out } = referenceOf('diabetes-gbr');
    const rows = feeds['X']!.map((values) => Object.fromEntries(values.map((v, i) => [`f${i}`, v])));
    const outcomes = await answersOf(modelOf(TABULAR, 'diabetes-gbr', { columns }), rows);
    for (const [i, outcome] of outcomes.entries()) {
      const { value } = fieldsOf(outcome) as { value: number };
      expect(Math.abs(value - out.variable[i]![0]!)).toBeLessThan(1e-5);
    }
  });

  it('churn-mixed-columns reads numbers and strings by name, and labels only the best class, with the string of the graph', async () => {
    const { feeds, out } = referenceOf('churn-mixed-columns');
    const columns = [{ name: 'city', from: 'Stadt' }, 'age', 'plan', 'income'];
    const rows = out.label.map((_, i) => ({
      id: `row ${i}`,
      age: feeds['age']![i]![0],
      income: feeds['income']![i]![0],
      Stadt: feeds['city']![i]![0],
      plan: feeds['plan']![i]![0],
    }));
    const outcomes = await answersOf(modelOf(TABULAR, 'churn-mixed-columns', { columns }), rows);
    expectScores(outcomes, out.probabilities);
    expect(outcomes.map((o) => predictionsOf(o).map(({ label }) => label))).toEqual(
      out.label.map((label) => [label, undefined]),
    );
  });
});

describe.skipIf(!existsSync(STRINGS))('models of strings (skipped without ../shared/data)', () => {
  it('profanity judges 11 texts as scikit-learn does', async () => {
    const reference = readJson(join(STRINGS, 'reference.json')) as {
      texts: string[];
      prob: number[][];
      label: number[];
    };
    const model = modelOf(STRINGS, 'profanity', { columns: ['text'], classes: ['clean', 'offensive'] });
    const outcomes = await answersOf(
      model,
      reference.texts.map((text) => ({ text })),
    );
    expectScores(outcomes, reference.prob);
    expect(outcomes.map((o) => predictionsOf(o)[0]!.index)).toEqual(reference.label);
  });

  it('a graph that needs a locale loads, or says how to install it', async () => {
    const model = modelOf(STRINGS, 'profanity-needs-locale', { columns: ['text'] });
    const loading = sharedLane().load({ model: 'm', ...model, threads: 1 });
    // Some machines have the locale.
    const message = await loading.then(
      () => null,
      (error: Error) => error.message,
    );
    if (message !== null)
      expect(message).toMatch(
        /^the graph changes the case of texts .*localedef -i en_US -f UTF-8 en_US\.UTF-8\)/,
      );
  });
});

function referenceOf(name: string): Reference {
  return (readJson(join(TABULAR, 'reference.json')) as Record<string, Reference>)[name]!;
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function modelOf(folder: string, name: string, config: object): LoadableModel {
  const dir = testFolder();
  copyFileSync(join(folder, `${name}.onnx`), join(dir, 'model.onnx'));
  return { dir, config: checkedConfig({ name, task: 'tabular', ...config }), named: [] };
}

/** Runs the rows in batches of 4. Expects the same answers from one batch of all rows. */
async function answersOf(model: LoadableModel, records: readonly object[]): Promise<RowOutcome[]> {
  const lane = await loadedLane(model);
  const rows = records.map((record) => ({ json: JSON.stringify(record) }));
  const run = async (some: typeof rows) =>
    (await lane.run({ model: 'm', rows: some, options: { top_k: 5 } })).outcomes;
  const outcomes: RowOutcome[] = [];
  for (let from = 0; from < rows.length; from += 4) outcomes.push(...(await run(rows.slice(from, from + 4))));
  expect(await run(rows)).toEqual(outcomes);
  return outcomes;
}

function fieldsOf(outcome: RowOutcome): unknown {
  if (!outcome.ok) throw new Error(outcome.error.message);
  return JSON.parse(`{${outcome.result}}`);
}

function expectScores(outcomes: readonly RowOutcome[], probabilities: readonly (readonly number[])[]): void {
  expect(outcomes).toHaveLength(probabilities.length);
  for (const [i, outcome] of outcomes.entries()) {
    for (const { index, score } of predictionsOf(outcome)) {
      expect(Math.abs(score - probabilities[i]![index]!)).toBeLessThan(2e-6);
    }
    expect(predictionsOf(outcome)).toHaveLength(probabilities[i]!.length);
  }
}
