// The dashboard in a real browser, on a real service.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiDocument } from '../support/api-document.ts';
import { hasBrowser, startBrowser, type Browser, type Page } from '../support/browser.ts';
import { startKeyedApi, type KeyedApi } from '../support/keyed-api.ts';
import { startService, writeImages, writeTinyModel, type Service } from '../support/service.ts';

const text = 'document.body.innerText';
/** Sets a field of a form as typing does. */
const fill = (label: string, value: string) => `(() => {
  const found = [...document.querySelectorAll('label')].find((l) => l.innerText.startsWith(${JSON.stringify(label)}));
  const field = found.querySelector('input, select, textarea');
  field.value = ${JSON.stringify(value)};
  field.dispatchEvent(new Event('input', { bubbles: true }));
  field.dispatchEvent(new Event('change', { bubbles: true }));
})()`;
const click = (button: string) =>
  `[...document.querySelectorAll('button')].find((b) => b.innerText === ${JSON.stringify(button)}).click()`;

describe.skipIf(!hasBrowser)('the dashboard (skipped without Chromium: apt-get install chromium)', () => {
  let service: Service;
  let browser: Browser;

  beforeAll(async () => {
    [service, browser] = await Promise.all([startService(), startBrowser()]);
    await writeImages(service.input, 7);
    writeFileSync(join(service.input, 'broken.png'), 'no image');
  });
  afterAll(async () => {
    await Promise.all([service?.close(), browser?.close()]);
  });

  /** The page must load nothing from elsewhere, and break no rule of its policy. */
  function expectQuiet(page: Page, origin = service.url): void {
    const foreign = page.requests.filter((url) => !url.startsWith(origin) && !url.startsWith('data:'));
    expect(foreign).toEqual([]);
    expect(page.errors).toEqual([]);
  }

  /** The pictures are drawn from what the service returns, can be filtered, and open in a dialog. */
  async function looksAtPictures(page: Page): Promise<void> {
    await page.read(`document.querySelector('ul.cards').scrollIntoView()`);
    const pixel = `canvas?.getContext('2d').getImageData(4, 4, 1, 1).data.join()`;
    const colours = `[...document.querySelectorAll('.card')].map((card) => {
      const canvas = card.querySelector('canvas');
      return ${pixel};
    }).slice(0, 3).join(' ')`;
    await page.sees(`${colours} === '220,30,30,255 30,220,30,255 30,30,220,255'`);
    await page.sees(`document.querySelectorAll('.card')[7].querySelector('pre')?.innerText === 'no image'`);
    await page.read(fill('Score at least', '0.4'));
    await page.read(fill('Label', 'green'));
    await page.sees(`${text}.includes('Rows that match: 2 of 8.')`);
    await page.read(`document.querySelector('.frame').click()`);
    await page.sees(`document.querySelector('dialog.row canvas') !== null`);
    expect(await page.read(`document.activeElement.closest('dialog') !== null`)).toBe(true);
    await page.read(click('Close'));
    await page.sees(`document.querySelector('dialog.row') === null`);
    await page.width(390);
    expect(await page.read('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    await page.read(fill('Label', ''));
    await page.read(fill('Score at least', '0'));
    await page.read(fill('Show as', 'table'));
    await page.sees(`document.querySelectorAll('tr.failed').length === 1`);
  }

  it('plans and submits a job, shows its course, errors and answers, and retries it', async () => {
    const page = await browser.open(`${service.url}/#/submit`);
    await page.sees(
      `${text}.includes('New job') && [...document.querySelectorAll('option')].some((o) => o.value === 'tiny')`,
    );
    await page.read(fill('Model', 'tiny'));
    await page.read(fill('Path', service.input));
    await page.read(click('Show the plan'));
    await page.sees(`${text}.includes('Numbers, and why each was chosen')`);
    await page.read(fill('Further options', '{"block_rows": 2}'));
    await page.read(click('Submit'));
    await page.sees("location.hash.startsWith('#/jobs/job_')");
    await page.sees(`document.querySelector('.status')?.innerText === 'completed'`);
    await page.sees(`${text}.includes('8 of 8') && ${text}.includes('rows in ')`);
    await page.sees(`${text}.includes('unsupported_format') && ${text}.includes('broken.png')`);
    await page.sees(`${text}.includes('Bottleneck') && ${text}.includes('Time of the lanes')`);
    await page.sees(`${text}.includes('000001.png') && ${text}.includes('green')`);
    await page.sees(`document.querySelector('.blocks svg').ariaLabel === 'Blocks: 4 done.'`);
    await looksAtPictures(page);
    const first = await page.read<string>('location.hash');
    await page.read(click('Retry failed rows'));
    await page.sees(
      `location.hash !== '${first}' && /completed|failed/.test(document.querySelector('.status')?.innerText)`,
    );
    expectQuiet(page);
    page.close();
  });

  it('refuses a wrong job with the words of the service, next to the form', async () => {
    const page = await browser.open(`${service.url}/#/submit`);
    await page.sees(`[...document.querySelectorAll('option')].some((o) => o.value === 'tiny')`);
    await page.read(fill('Model', 'tiny'));
    await page.read(fill('Path', '/nowhere'));
    await page.read(fill('Further options', '{"top_k": 0}'));
    await page.read(click('Submit'));
    await page.sees(`document.querySelector('[role=alert]')?.innerText.includes('top_k') === true`);
    page.close();
  });

  it('pauses, resumes and cancels a job from the list', async () => {
    writeTinyModel(join(service.models, 'elsewhere'), 'elsewhere', { pool: 'nobody' });
    const { id } = await service.submit({
      model: 'elsewhere',
      input: { type: 'files', path: service.input },
    });
    const page = await browser.open(`${service.url}/#/jobs`);
    await page.read('(window.confirm = () => true, 0)');
    const row = `[...document.querySelectorAll('tbody tr')].find((r) => r.innerText.includes('${id}'))`;
    const shows = (status: string) => `${row}?.querySelector('.status').innerText === '${status}'`;
    await page.sees(`${row}?.innerText.includes('no_worker') === true`);
    for (const [button, status] of [
      ['Pause', 'paused'],
      ['Resume', 'queued'],
      ['Cancel', 'cancelled'],
    ] as const) {
      const found = `[...${row}.querySelectorAll('button')].find((b) => b.innerText === '${button}')`;
      await page.sees(`${found}?.ariaDisabled === 'false'`);
      // Resume has the focus of Pause, so both work without a mouse.
      if (button !== 'Resume') await page.read(`${found}.focus()`);
      await page.press('Enter');
      await page.sees(shows(status));
    }
    // The button is gone, but not the place in the page.
    expect(await page.read(`${row}.contains(document.activeElement)`)).toBe(true);
    page.close();
  });

  it('shows workers, queues and models, and fits a phone', async () => {
    const page = await browser.open(`${service.url}/#/workers`);
    await page.width(390);
    for (const [view, shows] of [
      ['jobs', 'Jobs'],
      ['submit', 'Further options'],
      ['workers', 'Live workers: 1'],
      ['queues', 'tiny'],
      ['models', 'image-classification'],
    ] as const) {
      await page.read(`location.hash = '#/${view}'`);
      await page.sees(`${text}.includes(${JSON.stringify(shows)})`);
      expect(await page.read('document.documentElement.scrollWidth'), view).toBeLessThanOrEqual(390);
      const nameless = `[...document.querySelectorAll('a, button, input, select, textarea, progress, meter')]
        .filter((e) => !e.innerText && !e.ariaLabel && !e.labels?.length).map((e) => e.outerHTML)`;
      expect(await page.read(nameless), view).toEqual([]);
    }
    expectQuiet(page);
    page.close();
  });

  it('asks a model for an answer with a file, and shows what workers have answered', async () => {
    const page = await browser.open(`${service.url}/#/models`);
    // A time of a second or more is shown in seconds: a busy machine can take that long.
    const card = `[...document.querySelectorAll('article')].find((a) => a.innerText.startsWith('tiny'))`;
    await page.sees(`${card} !== undefined`);
    await page.read(`${card}.querySelector('.try').open = true`);
    await page.choose(`${card}.querySelector('input[type=file]')`, join(service.input, '000001.png'));
    await page.sees(
      `/Answered in [\\d.]+ ms/.test(${card}.innerText) && ${card}.innerText.includes('green')`,
    );
    await page.sees(
      `${card}.querySelector('canvas')?.getContext('2d').getImageData(4, 4, 1, 1).data.join() === '30,220,30,255'`,
    );
    await page.sees(`/latency\\s+[\\d.]+ m?s per row/.test(${card}.innerText)`);
    await page.choose(`${card}.querySelector('input[type=file]')`, join(service.input, 'broken.png'));
    await page.sees(
      `${card}.querySelector('.try [role=alert]')?.innerText.includes('unsupported_format') === true`,
    );
    page.close();
  });

  it('drains and resumes a worker by keyboard', async () => {
    const page = await browser.open(`${service.url}/#/workers`);
    for (const [button, status] of [
      ['Drain', 'drained'],
      ['Resume', 'running'],
    ] as const) {
      await page.sees(`document.querySelector('td .actions button')?.innerText === '${button}'`);
      if (button === 'Drain') await page.read(`document.querySelector('td .actions button').focus()`);
      await page.press('Enter');
      await page.sees(`document.querySelector('td .status').innerText === '${status}'`);
    }
    page.close();
  });

  it('can be used by keyboard from the first key on', async () => {
    const page = await browser.open(`${service.url}/#/workers`);
    await page.sees(`${text}.includes('Live workers: 1')`);
    const reached: string[] = [];
    for (let i = 0; i < 3; i++) {
      await page.press('Tab');
      reached.push(await page.read('document.activeElement.innerText'));
    }
    expect(reached).toEqual(['Skip to content', 'Jobs', 'New job']);
    page.close();
  });

  it('shows Bull Board without a request to another host', async () => {
    const page = await browser.open(`${service.url}/ops/queues`);
    await page.sees(`${text}.includes('default.tiny.')`);
    expectQuiet(page);
    page.close();
  });

  describe('of a service that needs keys', () => {
    let keyed: KeyedApi;
    let job: string;
    beforeAll(async () => {
      keyed = await startKeyedApi();
      job = (await keyed.submit(keyed.alice)).id;
    });
    afterAll(async () => keyed?.api.close());

    it('asks for a key', async () => {
      const page = await browser.open(`${keyed.api.url}/#/jobs`);
      await page.sees("document.querySelector('dialog').open");
      await page.read(fill('API key', keyed.alice));
      await page.read(click('Use this key'));
      await page.sees(`${text}.includes('${job}')`);
      expect(await page.read("document.querySelector('dialog').open")).toBe(false);
      page.close();
    });

    it('has a reference of the API, which sends requests with a key and explains each error code', async () => {
      const { url } = keyed.api;
      const page = await browser.open(`${url}/docs#error-invalid_model_config`);
      const document = (await (await fetch(`${url}/openapi.json`)).json()) as ApiDocument;
      const operations = Object.values(document.paths).flatMap((methods) => Object.keys(methods)).length;
      await page.sees(`document.querySelectorAll('.opblock').length === ${operations}`);
      const top = "document.querySelector(':target').getBoundingClientRect().top";
      await page.sees(`${top} > 0 && ${top} < 100`);

      await page.read("document.querySelector('.authorize').click()");
      await page.sees("document.querySelector('#auth-bearer-value') !== null");
      await page.read("document.querySelector('#auth-bearer-value').focus()");
      await page.send('Input.insertText', { text: keyed.alice });
      await page.read("document.querySelector('.auth-btn-wrapper .authorize').click()");
      await page.sees("document.querySelector('.auth-btn-wrapper').innerText.includes('Logout')");
      await page.read("document.querySelector('.btn-done').click()");

      const operation = "document.querySelector('#operations-Jobs-listJobs')";
      await page.read(`${operation}.querySelector('.opblock-summary-control').click()`);
      await page.sees(`${operation}.querySelector('a[href="#error-invalid_request"]') !== null`);
      await page.read(`${operation}.querySelector('.try-out__btn').click()`);
      await page.sees(`${operation}.querySelector('.execute') !== null`);
      await page.read(`${operation}.querySelector('.execute').click()`);
      const answer = `${operation}.querySelector('.live-responses-table')?.innerText`;
      await page.sees(`${answer}?.includes('${job}') === true`);

      await page.width(380);
      expect(await page.read('document.documentElement.scrollWidth')).toBeLessThanOrEqual(380);
      expectQuiet(page, url);
      page.close();
    });
  });
});
