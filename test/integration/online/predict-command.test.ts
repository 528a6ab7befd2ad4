// `forebay predict` with rows in files, and its messages for files that do not fit the model.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { forebayCommands, type ForebayCommands } from '../../support/forebay-command.ts';
import { writePredictor } from '../../support/predictors.ts';
import { startService, type Service } from '../../support/service.ts';

let service: Service;
let commands: ForebayCommands;
beforeAll(async () => {
  service = await startService({ workers: 0, env: { FOREBAY_LANES: '1', FOREBAY_LOG_LEVEL: 'silent' } });
  const code = 'predict: (rows) => rows.map(({ fields }) => fields.a + fields.b),';
  writePredictor(join(service.models, 'sum'), code, { name: 'sum', input: 'features' });
  await service.startWorker();
  commands = forebayCommands(service.folder, { FOREBAY_URL: service.url });
});
afterAll(async () => {
  await commands.close();
  await service.close();
});

async function ask(name: string, text: string) {
  const file = join(service.folder, name);
  writeFileSync(file, text);
  return commands.run('predict', '--model', 'sum', '--input', file);
}

it.each([
  ['rows.json', '{"rows":[{"a":1,"b":2},{"id":"x","a":3,"b":4}]}'],
  ['rows.jsonl', '{"a":1,"b":2}\n\n{"id":"x","a":3,"b":4}\r\n'],
])('rows come from %s', async (name, text) => {
  const { code, out, err } = await ask(name, text);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(JSON.parse(out)).toEqual({ results: [{ answer: 3 }, { id: 'x', answer: 7 }] });
});

it('a line that is not JSON is named, and a file of another kind gets the kinds that fit', async () => {
  const broken = await ask('broken.jsonl', '{"a":1,"b":2}\n{"a":');
  expect(broken.code).toBe(2);
  expect(broken.err).toMatch(/broken\.jsonl, line 2, is not JSON/);
  for (const name of ['rows.csv', 'rows.txt']) {
    const { code, err } = await ask(name, 'a,b\n1,2\n');
    expect(code).toBe(2);
    expect(err).toMatch(/a \.json file with \{"rows":\[\.\.\.\]\} or a \.jsonl file with one row per line/);
  }
});
