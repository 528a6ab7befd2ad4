// Runs the recipes of docs/models.md: exports a model and makes its folder. Compares the answers with the tool's own,
// except for the detector.
// A recipe is skipped if its packages are missing in python3, or in the Python that FOREBAY_TEST_PYTHON names.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { effectiveOptions } from '#forebay/shared/tasks/option-values.js';
import type { LaneInput } from '#forebay/workers/lane/messages.js';
import { servedFolder } from '../../support/foreign-folders.ts';
import { plain, predictionsOf, testFolder } from '../../support/lanes.ts';
import { configIn, modelInit } from '../../support/model-init.ts';

const { FOREBAY_TEST_PYTHON: chosen } = process.env;
const COMMAND = chosen === undefined ? 'python3' : resolve(chosen);
const PAGE = readFileSync(resolve(import.meta.dirname, '../../../docs/models.md'), 'utf8');
const COLOUR = [200, 40, 120] as const;

/** Runs a Python program. Returns the last line that it prints. */
function python(dir: string, program: string): string {
  const env = { ...process.env, CUDA_VISIBLE_DEVICES: '', TF_CPP_MIN_LOG_LEVEL: '3', YOLO_OFFLINE: 'true' };
  const { status, stdout, stderr } = spawnSync(COMMAND, ['-c', program], { cwd: dir, env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`Python ended with ${status}: ${stderr.slice(-3000)}`);
  return stdout.trimEnd().split('\n').at(-1) ?? '';
}

function hasPackages(...names: readonly string[]): boolean {
  const program = `import importlib.util, sys; sys.exit(not all(map(importlib.util.find_spec, ${JSON.stringify(names)})))`;
  return spawnSync(COMMAND, ['-c', program]).status === 0;
}

/** The code blocks below a heading of the page. Empty if there is none. */
function blocks(heading: string): { program: string; command: string } {
  const section = new RegExp(`^## ${heading}$([^]*?)(?=^## )`, 'm').exec(PAGE)![1]!;
  const block = (language: string) =>
    new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``).exec(section)?.[1] ?? '';
  return { program: block('python'), command: block('sh').trim() };
}

/** Exports the model and makes its folder, as the page says. `check` is run after the recipe, and prints JSON. */
async function follow(heading: string, check: string, change = (program: string) => program) {
  const { program, command } = blocks(heading);
  const dir = testFolder();
  const printed = python(dir, `${change(program)}\n${check}`);
  const [source, ...flags] = /^forebay model init (.*)$/.exec(command)![1]!.split(' ');
  const out = flags.indexOf('--out');
  flags[out + 1] = join(dir, flags[out + 1]!);
  const made = await modelInit(join(dir, source!), ...flags);
  if (made.code !== 0) throw new Error(made.err);
  return { dir: flags[out + 1]!, printed, out: made.out };
}

async function scoresOf(dir: string, row: LaneInput): Promise<number[]> {
  const { folder, lane } = await servedFolder(dir);
  const options = effectiveOptions(folder.config, { top_k: 3 });
  const { outcomes } = await lane.run({ model: 'm', rows: [row], options });
  const found = predictionsOf(outcomes[0]).toSorted((a, b) => a.index - b.index);
  return found.map(({ score }) => score);
}

function expectClose(found: readonly number[], printed: string, within: number): void {
  const wanted = JSON.parse(printed) as number[];
  expect(found).toHaveLength(wanted.length);
  for (const [i, value] of found.entries()) expect(Math.abs(value - wanted[i]!)).toBeLessThan(within);
}

/** An image of one colour, so that it does not matter how it is resized. */
const image = async () => ({ bytes: await plain(...COLOUR, 64) });

describe.skipIf(!hasPackages('sklearn', 'skl2onnx'))(
  'scikit-learn (skipped without sklearn, skl2onnx)',
  () => {
    it('a table classifier answers as in scikit-learn', async () => {
      const check = 'import json; print(json.dumps(model.predict_proba(rows[:1])[0].tolist()))';
      const { dir, printed } = await follow('scikit-learn', check);
      const record = { sepal_length: 5.1, sepal_width: 3.5, petal_length: 1.4, petal_width: 0.2 };
      expectClose(await scoresOf(dir, { json: JSON.stringify(record) }), printed, 1e-5);
    });
  },
);

describe.skipIf(!hasPackages('torch', 'torchvision', 'onnxscript'))(
  'PyTorch (skipped without torch, torchvision, onnxscript)',
  () => {
    it('an image classifier answers as in PyTorch', async () => {
      const check = `
import json
mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
pixel = (torch.tensor(${JSON.stringify(COLOUR)}) / 255 - mean) / std
scores = model(pixel.view(1, 3, 1, 1).expand(1, 3, 224, 224)).softmax(1)
print(json.dumps(scores[0].tolist()))`;
      const { dir, printed } = await follow('PyTorch', check);
      expectClose(await scoresOf(dir, await image()), printed, 1e-4);
      expect(configIn(dir)).toMatchObject({ labels: 'labels.txt' });
    });
  },
);

describe.skipIf(!hasPackages('keras', 'tensorflow', 'tf2onnx'))(
  'Keras (skipped without keras, tensorflow, tf2onnx)',
  () => {
    it('an image classifier with channels last answers as in Keras', async () => {
      const check = `
import json
pixel = (numpy.array(${JSON.stringify(COLOUR)}) / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
print(json.dumps(model.predict(numpy.broadcast_to(pixel, (1, 96, 96, 3)), verbose=0)[0].tolist()))`;
      const { dir, printed } = await follow('Keras', check);
      expectClose(await scoresOf(dir, await image()), printed, 1e-4);
    });
  },
);

describe.skipIf(!hasPackages('ultralytics', 'torch', 'onnx'))(
  'Ultralytics (skipped without ultralytics, torch, onnx)',
  () => {
    it('a detector gets the class names of its metadata, and answers', async () => {
      const { dir, out } = await follow('Ultralytics', '');
      expect(out).toContain("labels: 80 names, taken from the graph's metadata (names)");
      expect(configIn(dir)).toMatchObject({ head: 'yolov8', preprocess: { crop: 320, resize: 'letterbox' } });
      const { folder, lane } = await servedFolder(dir);
      const options = effectiveOptions(folder.config, { threshold: 0 });
      const { outcomes } = await lane.run({ model: 'm', rows: [await image()], options });
      expect(outcomes[0]).toMatchObject({ ok: true });
    });
  },
);

describe.skipIf(!hasPackages('transformers', 'torch', 'onnxscript'))(
  'transformers (skipped without transformers, torch, onnxscript)',
  () => {
    it('a text classifier answers as in transformers, and its folder is also served as it is', async () => {
      const check = `
import json
with torch.no_grad():
    scores = model(**tokenizer(["a very good film"], return_tensors="pt")).logits.softmax(1)
print(json.dumps(scores[0].tolist()))`;
      const { dir, printed } = await follow(
        'transformers, without optimum',
        check,
        (program) => SMALL_BERT + program,
      );
      const row = { json: JSON.stringify({ text: 'a very good film' }) };
      expectClose(await scoresOf(dir, row), printed, 1e-4);
      expectClose(await scoresOf(join(dir, '../../sentiment'), row), printed, 1e-4);
    });
  },
);

describe.skipIf(!hasPackages('optimum.exporters.onnx', 'transformers', 'torch'))(
  'optimum (skipped without optimum-onnx, transformers, torch)',
  () => {
    it('a text classifier is served as optimum exports it, and answers as in transformers', async () => {
      const dir = testFolder();
      const [, command] = blocks('transformers, with optimum').command.split('\n');
      const printed = python(
        dir,
        `${SMALL_BERT}
import json, sys, torch
from optimum.commands.optimum_cli import main
from transformers import AutoModelForSequenceClassification, AutoTokenizer
sys.argv = ${JSON.stringify(command!.split(' '))}
main()
tokenizer = AutoTokenizer.from_pretrained("your-model")
model = AutoModelForSequenceClassification.from_pretrained("your-model").eval()
with torch.no_grad():
    scores = model(**tokenizer(["a very good film"], return_tensors="pt")).logits.softmax(1)
print(json.dumps(scores[0].tolist()))`,
      );
      const row = { json: JSON.stringify({ text: 'a very good film' }) };
      expectClose(await scoresOf(join(dir, 'sentiment'), row), printed, 1e-4);
    });
  },
);

describe.skipIf(!hasPackages('sentence_transformers', 'optimum.exporters.onnx'))(
  'sentence-transformers (skipped without sentence_transformers, optimum-onnx)',
  () => {
    it('an embedder is served as sentence-transformers saves it, and answers as encode does', async () => {
      const dir = testFolder();
      const make = `${SMALL_BERT}
from sentence_transformers import SentenceTransformer, models
from transformers import BertModel
BertModel(config).save_pretrained("your-model")
parts = [models.Transformer("your-model", max_seq_length=24), models.Pooling(16, pooling_mode="cls"), models.Normalize()]
SentenceTransformer(modules=parts).save_pretrained("your-model")`;
      const check = 'import json; print(json.dumps(model.encode(["a very good film"])[0].tolist()))';
      const printed = python(dir, `${make}\n${blocks('sentence-transformers').program}\n${check}`);
      const { folder, lane } = await servedFolder(join(dir, 'sentences'));
      expect(folder.config).toMatchObject({ pooling: 'cls', normalize: true, max_length: 24 });
      const rows = [{ json: JSON.stringify({ text: 'a very good film' }) }];
      const options = effectiveOptions(folder.config, {});
      const { outcomes } = await lane.run({ model: 'm', rows, options });
      const { result } = outcomes[0] as { readonly result: string };
      const { embedding } = JSON.parse(`{${result}}`) as { embedding: number[] };
      expectClose(embedding, printed, 1e-5);
    });
  },
);

/** This model stands in for the user's model, because the tests have no network. */
const SMALL_BERT = `
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast
words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "good", "bad", "very", "film"]
core = Tokenizer(models.WordPiece({word: i for i, word in enumerate(words)}, unk_token="[UNK]"))
core.normalizer = normalizers.BertNormalizer(lowercase=True)
core.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
core.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
special = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
PreTrainedTokenizerFast(tokenizer_object=core, model_max_length=32, **special).save_pretrained("your-model")
shape = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
names = {0: "negative", 1: "positive"}
config = BertConfig(vocab_size=8, max_position_embeddings=32, id2label=names, **shape)
BertForSequenceClassification(config).save_pretrained("your-model")
`;
