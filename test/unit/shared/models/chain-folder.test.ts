import { beforeEach, expect, it } from 'vitest';
import { join } from 'node:path';
import { loadModelFolder } from '#forebay/shared/models/model-folder.js';
import { columnsOf } from '#forebay/shared/sinks/table/columns-of.js';
import { rowKindOf, taskOf } from '#forebay/shared/tasks/task-descriptions.js';
import { testFolder } from '../../../support/lanes.ts';
import { cascade, chain, writeColours, writeFinder, writePipeline } from '../../../support/pipelines.ts';
import { writePredictor } from '../../../support/predictors.ts';

const RGB = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];
const CROPS = { for_each: 'detections' };
let models: string;
beforeEach(() => {
  models = testFolder();
  writeFinder(models, 'finder');
  writeColours(models, 'colour', RGB);
  writeColours(models, 'other', RGB);
  writeColours(models, 'nameless', RGB, { labels: null });
  writePredictor(join(models, 'texts'), 'predict() {},', { name: 'texts', input: 'text' });
});

async function why(...steps: readonly (string | object)[]): Promise<string> {
  const dir = writePipeline(models, { name: 'p', ...chain(...steps) });
  return loadModelFolder(dir).then(
    () => 'fine',
    (error: Error) =>
      error.message.replace(`${dir}: model.json /chain/steps/`, '').replaceAll(models, 'MODELS'),
  );
}

it('a chain that makes no sense is refused with the place and one sentence', async () => {
  expect(await why('finder', { model: 'colour', ...CROPS })).toBe('fine');
  const wrong: readonly (readonly [readonly (string | object)[], string])[] = [
    [['finder', 'colours'], '1/model: there is no model "colours" in MODELS; did you mean "colour"?'],
    [
      ['colour', { model: 'other', ...CROPS }],
      '1/for_each: "other" needs objects, and "colour" (image-classification) does not detect: it answers predictions',
    ],
    [
      ['finder', { model: 'texts', ...CROPS }],
      '1/model: "texts" takes texts, but a step for each object gets crops, which are images',
    ],
    [
      ['texts', 'finder'],
      '1/model: "finder" takes images, but "texts" takes texts; steps without "for_each" get the same rows; to give it crops, set "for_each": "detections"',
    ],
    [
      ['finder', { model: 'colour', ...CROPS }, { model: 'other', ...CROPS }],
      '2/model: "colour" and "other" both answer "detections.predictions"; give the answer of one a field of its own, such as "as": "second"',
    ],
    [
      ['colour', 'other'],
      '1/model: "colour" and "other" both answer "predictions"; give the answer of one a field of its own, such as "as": "second"',
    ],
    [
      ['finder', { model: 'colour', ...CROPS, when: { label: ['thng'] } }],
      '1/when/label/0: "thng" is no label of "finder"; did you mean "thing"?',
    ],
    [
      ['nameless', { model: 'other', as: 'o', when: { label: [1, 'red'] } }],
      '1/when/label/1: "red" is no label of "nameless"; it has no labels, so give the number of the class',
    ],
    [
      [
        'finder',
        { model: 'colour', ...CROPS },
        { model: 'other', as: 'o', when: { of: 'colour', min_score: 0.5 } },
      ],
      '2/when: "other" depends on predictions or detections of the row, but "colour" (image-classification) answers predictions for crops',
    ],
    [
      ['texts', { model: 'colour', when: { min_score: 0.5 } }],
      '1/model: "colour" takes images, but "texts" takes texts; steps without "for_each" get the same rows; to give it crops, set "for_each": "detections"',
    ],
    [
      [{ model: 'finder', when: { min_score: 0.5 } }, 'colour'],
      '0/when: has no use, because the first model gets every row',
    ],
    [
      ['finder', { model: 'colour', ...CROPS, when: {} }],
      '1/when: says nothing; set "label", "min_score" or both',
    ],
    [
      ['finder', { model: 'colour', max_crops: 3 }],
      '1/max_crops: has no use without "for_each": "detections"',
    ],
    [
      ['finder', { model: 'colour', when: { of: 'other', min_score: 0.5 } }],
      '1/when/of: "other" is no model of an earlier step; those are finder',
    ],
  ];
  for (const [steps, message] of wrong) expect(await why(...steps)).toBe(message);
  writePipeline(models, { name: 'inner', ...cascade('colour', 0.5, 'p') });
  expect(await why('finder', { model: 'inner', ...CROPS })).toContain('pipelines must not form a circle');
});

it('rows, columns and options of a chain follow from its models', async () => {
  writePipeline(models, { name: 'sure', ...cascade('colour', 0.5, 'other') });
  const dir = writePipeline(models, {
    name: 'p',
    ...chain(
      'finder',
      { model: 'sure', ...CROPS },
      { model: 'other', as: 'whole', when: { min_score: 0.5 } },
    ),
  });
  const { config } = await loadModelFolder(dir);
  expect(rowKindOf(config)).toBe('image');
  expect(taskOf(config).defaults(config)).toMatchObject({ top_k: 3 });
  const columns = Object.fromEntries(columnsOf(config).map(({ name, type }) => [name, type]));
  const predictions = {
    list: {
      struct: [
        { name: 'index', type: 'int64', optional: false },
        { name: 'label', type: 'string', optional: true },
        { name: 'score', type: 'double', optional: false },
      ],
    },
  };
  expect(columns).toEqual({
    detections: {
      list: {
        struct: [
          { name: 'index', type: 'int64', optional: false },
          { name: 'label', type: 'string', optional: true },
          { name: 'score', type: 'double', optional: false },
          { name: 'box', type: { list: 'double' }, optional: false },
          { name: 'predictions', type: predictions, optional: true },
          { name: 'model', type: 'string', optional: true },
        ],
      },
    },
    'whole.predictions': predictions,
    stopped_after: 'string',
    crops_left_out: 'int64',
  });
});
