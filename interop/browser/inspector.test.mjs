// The inspector page while a real call goes on: what is seen, walked by keyboard, sent once more, and copied.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { launch, openPage } from './browser.mjs';
import { APP, PHONE, graph, json, sandbox, startServer, within } from './server.mjs';

const ANA = '447700900001';
const SECRET = 'ahoy-dev-secret';
const shots = process.env.AHOY_SHOTS;
const shell = promisify(execFile);

/** A receiver that keeps the bytes and headers of what it gets. */
async function bareReceiver() {
  const got = [];
  const waiting = new Set();
  let status = 200;
  const server = createServer((request, response) => {
    if (request.method === 'GET') {
      response.end(new URL(request.url, 'http://localhost').searchParams.get('hub.challenge'));
      return;
    }
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => {
      const raw = Buffer.concat(parts);
      const signature = 'sha256=' + createHmac('sha256', SECRET).update(raw).digest('hex');
      got.push({ raw, signed: request.headers['x-hub-signature-256'] === signature });
      for (const look of waiting) look();
      response.writeHead(status, { 'x-receiver': 'bare' }).end('taken');
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/hook`,
    got,
    answer: (next) => (status = next),
    until(count) {
      let look;
      const enough = new Promise((resolve) => {
        look = () => got.length >= count && resolve(got.at(-1));
        waiting.add(look);
        look();
      });
      return within(enough, 10_000, () => `${count} webhooks; there were ${got.length}`).finally(() => waiting.delete(look));
    },
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

/** In the page: texts whose contrast to what is behind them is below that of WCAG AA, 4.5 to 1. */
function pale() {
  const parse = (colour) => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const element of document.querySelectorAll('h1, h2, h3, p, a, label span, button, .when, .rule, .kind, .text, .outcome, pre, dt, dd, summary, code')) {
    if (element.closest('[hidden], .unseen, .skip, dialog:not([open]), :disabled') || !element.textContent.trim()) continue;
    const [one, two] = [light(parse(getComputedStyle(element).color)), light(behind(element))];
    const ratio = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
    if (ratio < 4.5) found.push(`${element.className || element.tagName} “${element.textContent.slice(0, 30)}” ${ratio.toFixed(2)}`);
  }
  return found;
}

describe('the inspector', { timeout: 120_000 }, () => {
  let server, browser, opened, page, hooks, call;
  const row = (kind, text) => page.locator(`#timeline > li[data-kind="${kind}"]`, { hasText: text });
  const line = (item) => item.getByRole('button').first();
  const shot = (name) => shots && page.screenshot({ path: join(shots, `inspector-${name}.png`) });
  const copied = () => page.evaluate(() => navigator.clipboard.readText());

  before(async () => {
    server = await startServer();
    browser = await launch();
    hooks = await bareReceiver();
    opened = await openPage(browser, { permissions: ['clipboard-read', 'clipboard-write'], viewport: { width: 1200, height: 800 } });
    page = opened.page;
    await page.goto(`${server.base}/inspector`);
    await page.waitForFunction(() => window.ahoyInspector?.live, null, { timeout: 10_000 });
  });
  after(async () => {
    await browser?.close();
    await hooks?.close();
    assert.equal(await server?.stop(), 0);
  });

  it('shows a call as it happens, from the request that placed it to the verdict', async () => {
    call = (await sandbox(server.base, 'POST', `/users/${ANA}/calls`, { to: PHONE })).id;
    await page.getByLabel('Call', { exact: true }).selectOption('newest');
    for (const [kind, text] of [
      ['sandbox', `/sandbox/v1/users/${ANA}/calls: 200`],
      ['call', `User ${ANA} calls number ${PHONE}.`],
      ['media', 'The business nominated'],
      ['webhook', 'Webhook connect: answered 200'],
      ['api', `POST accept /${PHONE}/calls: 200`],
      ['call', 'The call is connected.'],
      ['media', 'The gate opened'],
      ['media', 'The first audio packet of the business after accept.'],
    ]) await row(kind, text).first().waitFor({ timeout: 15_000 });
    const story = page.getByRole('region', { name: 'The call' });
    await story.getByText('So far: Both sides heard each other.').waitFor({ timeout: 15_000 });
    await shot('live');
    await sandbox(server.base, 'POST', `/users/${ANA}/calls/${call}/hang_up`);
    await row('verdict', 'Both sides heard each other.').waitFor({ timeout: 15_000 });
    await story.getByText('ended: user hung up').waitFor();
    assert.equal(await story.locator('.fault').count(), 0, 'a good verdict is drawn as a fault');
    await row('webhook', 'Webhook terminate: answered 200').waitFor({ timeout: 15_000 });
    assert.match(await page.locator('#announcement').textContent(), /Both sides heard each other|The call ended/, 'nobody says how it ended');
    const times = await page.locator('#timeline > li').evaluateAll((items) => items.map((item) => Number(item.dataset.real)));
    assert.deepEqual(times, times.toSorted((a, b) => a - b), 'the rows are not in the order of time');
    const places = await page.locator('#timeline .when').allTextContents();
    assert.ok(places.every((text) => /^[+−][\d.:]+( s)?$/.test(text)), `offsets from the start of the call: ${places}`);
  });

  it('is walked by keyboard: rows by arrows, bodies by Enter, back by Escape', async () => {
    const lines = page.locator('#timeline .line');
    const count = await lines.count();
    await lines.last().focus();
    const focused = () => lines.evaluateAll((all) => all.indexOf(document.activeElement));
    await page.keyboard.press('Home');
    assert.equal(await focused(), 0);
    await page.keyboard.press('ArrowDown');
    assert.equal(await focused(), 1);
    await page.keyboard.press('End');
    assert.equal(await focused(), count - 1);
    const ring = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    assert.notEqual(ring, 'none', 'the focus cannot be seen');
    const kind = () => page.evaluate(() => document.activeElement.closest('li').dataset.kind);
    for (let steps = 0; steps < count && (await kind()) !== 'webhook'; steps += 1) await page.keyboard.press('ArrowUp');
    const at = await focused();
    await page.keyboard.press('Enter');
    assert.equal(await lines.nth(at).getAttribute('aria-expanded'), 'true');
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Replay this webhook', 'Tab does not lead inside');
    await page.keyboard.press('Escape');
    assert.equal(await lines.nth(at).getAttribute('aria-expanded'), 'false');
    assert.equal(await focused(), at);
    assert.equal(await page.locator('#timeline .line[tabindex="0"]').count(), 1, 'the list is more than one stop of Tab');
  });

  it('shows both bodies, and copies a request as a curl that does it again', async () => {
    await page.getByRole('button', { name: 'Show all' }).click();
    const wanted = await graph(server.base, 'GET', `${PHONE}?fields=id,verified_name`);
    const item = row('api', `GET /v25.0/${PHONE}: 200`).last();
    await line(item).click();
    await item.getByText('with the seeded access token').waitFor();
    assert.match(await item.getByLabel('Answer 200, body').textContent(), /"verified_name": /);
    await item.getByRole('button', { name: 'Raw bytes' }).click();
    assert.deepEqual(JSON.parse(await item.getByLabel('Answer 200, body').textContent()), wanted);
    await item.getByRole('button', { name: 'Copy as curl' }).click();
    await item.getByText('Copied.').waitFor();
    const { stdout } = await shell('sh', ['-c', (await copied()).replace(/^curl /, 'curl -sS ')]);
    assert.deepEqual(JSON.parse(stdout), wanted);
    await shot('request');

    // A body with what a shell might stumble over.
    const said = `It's "half" past $HOME \`now\` \\ über`;
    await sandbox(server.base, 'POST', `/users/${ANA}/messages`, { to: PHONE, type: 'text', text: { body: said } });
    const message = row('sandbox', '/messages: 200').last();
    await line(message).click();
    await message.getByRole('button', { name: 'Copy as curl' }).click();
    await message.getByText('Copied.').waitFor();
    await shell('sh', ['-c', (await copied()).replace(/^curl /, 'curl -sS ')]);
    const thread = await sandbox(server.base, 'GET', `/users/${ANA}/thread?phone_number_id=${PHONE}`);
    assert.equal(JSON.stringify(thread).split(JSON.stringify(said).slice(1, -1)).length - 1, 2, JSON.stringify(thread));
  });

  it('sends a webhook once more, tells the outcome, and copies it as a curl with its signature', async () => {
    await json('POST', `${server.base}/v25.0/${APP}/subscriptions`, { object: 'whatsapp_business_account', callback_url: hooks.url, verify_token: 'v', fields: 'calls,messages' }, { authorization: `Bearer ${APP}|${SECRET}` });
    await page.getByLabel('Call', { exact: true }).selectOption(call);
    const { data } = await sandbox(server.base, 'GET', `/deliveries?call=${call}`);
    const terminate = data.find((delivery) => delivery.body.includes('"terminate"'));
    const first = row('webhook', 'Webhook terminate: answered 200').first();
    await line(first).click();
    await first.getByRole('button', { name: 'Replay this webhook' }).click();
    await first.getByText(/^Attempt 2: answered 200 in [\d.]+ ms\.$/).waitFor();
    const got = await hooks.until(1);
    assert.ok(got.signed);
    assert.equal(got.raw.toString(), terminate.body);
    hooks.answer(503);
    await first.getByRole('button', { name: 'Replay this webhook' }).click();
    await first.getByText(/^Attempt 3: answered 503/).waitFor();
    const failed = page.locator('#timeline > li.failed', { hasText: 'Webhook terminate: answered 503' });
    await failed.waitFor();
    await line(failed).click();
    await failed.getByText('asked for').waitFor();
    assert.equal(await failed.getByLabel('Answer, body').textContent(), 'taken');
    await failed.getByText(/headers?$/).last().click();
    await failed.getByText('x-receiver').waitFor();
    await failed.getByRole('button', { name: 'Copy as curl' }).click();
    await failed.getByText('Copied.').waitFor();
    const before = hooks.got.length;
    await shell('sh', ['-c', (await copied()).replace(/^curl /, 'curl -sS ')]);
    const again = await hooks.until(before + 1);
    assert.ok(again.signed, 'the copied signature does not fit the copied bytes');
    assert.equal(again.raw.toString(), terminate.body);
    hooks.answer(200);
  });

  it('narrows to failures and kinds, keeps that in the address, and shows both clocks after a jump', async () => {
    await page.getByLabel('Failures only').check();
    const shown = page.locator('#timeline > li');
    assert.ok((await shown.count()) > 0);
    assert.equal(await shown.count(), await page.locator('#timeline > li.failed').count());
    assert.match(page.url(), /failures=true/);
    await page.reload();
    await page.locator('#timeline > li.failed').first().waitFor();
    assert.ok(await page.getByLabel('Failures only').isChecked());
    await page.getByRole('button', { name: 'Show all' }).click();
    for (const kind of ['API', 'Sandbox and admin', 'Webhooks', 'Media', 'Calls']) await page.getByLabel(kind, { exact: true }).uncheck();
    await sandbox(server.base, 'POST', '/clock/advance', { seconds: 86_400 });
    await row('clock', 'The clock jumps 86400 s ahead.').waitFor();
    await page.getByRole('button', { name: 'Show all' }).click();
    await page.getByLabel('Call', { exact: true }).selectOption(call);
    // What happens to the call a day later by its own clock.
    const { data } = await sandbox(server.base, 'GET', `/deliveries?call=${call}`);
    await sandbox(server.base, 'POST', `/deliveries/${data[0].id}/replay`);
    const late = page.locator('#timeline > li[data-kind="webhook"]').last();
    await late.getByText(/rule \+1 d 00:00:\d\d/).waitFor();
  });

  it('is well made: light, dark, and on a narrow phone', async () => {
    const bodies = page.locator('#timeline > li[data-kind="webhook"]').first();
    await line(bodies).click();
    for (const [name, colorScheme, width, height] of [['light', 'light', 1200, 800], ['dark', 'dark', 1200, 800], ['narrow', 'light', 320, 640], ['narrow-dark', 'dark', 320, 640]]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height });
      await line(bodies).scrollIntoViewIfNeeded();
      await shot(name);
      const [wide, view] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
      assert.ok(wide <= view, `${name}: the page is ${wide} px wide in a window of ${view} px`);
      assert.deepEqual(await page.evaluate(pale), [], name);
      const [top, list] = await page.evaluate(() => [document.querySelector('h1').textContent, document.querySelectorAll('#timeline > li > button.line').length]);
      assert.equal(top, 'Inspector');
      assert.ok(list > 10, `${name}: ${list} rows`);
    }
    const unnamed = await page.evaluate(() => [...document.querySelectorAll('button, select, input, textarea')].filter((e) => !(e.textContent.trim() || e.getAttribute('aria-label') || e.getAttribute('aria-labelledby') || e.labels?.length)).length);
    assert.equal(unnamed, 0, 'something to press has no name');
    assert.deepEqual(opened.problems, []);
  });
});
