// Call links and opening hours on Ana's phone: what a link says reaches the business with the call, and a closed business can be asked
// to call back.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { launch } from './browser.mjs';
import { action } from './business.mjs';
import { ANA, openPhone } from './phone-page.mjs';
import { PHONE, graph, receiver, sandbox, startServer } from './server.mjs';

const DIGITS = '442079460000';
const PAYLOAD = 'web & "banner" №7';
const WEEK = 604_800;

describe('a call link', { timeout: 60_000 }, () => {
  let server, browser, hooks;
  before(async () => {
    server = await startServer();
    browser = await launch();
    hooks = await receiver(server.base);
  });
  after(async () => {
    await browser?.close();
    await hooks?.close();
    assert.equal(await server?.stop(), 0);
    assert.deepEqual(hooks.faults, []);
  });
  beforeEach(() => hooks.events.splice(0));

  it('opens the phone ready to dial, and its payload is in connect and terminate', async () => {
    const path = `/call/${DIGITS}?biz_payload=${encodeURIComponent(PAYLOAD)}`;
    const phone = await openPhone(browser, server.base, { path, prefix: 'link-' });
    const name = await phone.business().locator('strong').textContent();
    await phone.page.getByText('You followed a call link.').waitFor();
    await phone.assertWellMade();
    await phone.shot('followed');
    // Following the link alone calls nobody.
    assert.deepEqual(hooks.events, []);
    await phone.button(`Call ${name}`).click();
    await phone.phase('ringing');
    const connect = await hooks.next('connect');
    assert.deepEqual([connect.id, connect.deeplink_payload, connect.cta_payload], [await phone.callId(), PAYLOAD, undefined]);
    await action(server.base, 'reject', connect.id);
    await phone.phase('ended');
    const terminate = await hooks.next('terminate', connect.id);
    assert.equal(terminate.deeplink_payload, PAYLOAD);
    await phone.button('Close').click();

    // The link was used up: the next call is one of the user's own.
    assert.equal(new URL(phone.page.url()).search, `?user=${ANA}`);
    assert.equal(await phone.page.getByText('You followed a call link.').count(), 0);
    hooks.events.splice(0);
    await phone.button('Call').click();
    const second = await hooks.next('connect');
    assert.equal(second.deeplink_payload, undefined);
    await action(server.base, 'reject', second.id);
    await phone.phase('ended');
    await phone.context.close();
  });

  it('to nobody says so', async () => {
    const answer = await fetch(`${server.base}/call/447700900999`);
    assert.equal(answer.status, 404);
    assert.match(await answer.text(), /There is no business with the number 447700900999\./);
  });
});

describe('a closed business on the phone', { timeout: 60_000 }, () => {
  let server, browser, hooks, phone;
  before(async () => {
    server = await startServer();
    browser = await launch();
    hooks = await receiver(server.base);
    const call_hours = {
      status: 'ENABLED', timezone_id: 'Europe/London',
      weekly_operating_hours: [{ day_of_week: 'SUNDAY', open_time: '0300', close_time: '0301' }],
      holiday_schedule: [{ date: '2099-01-01', start_time: '0000', end_time: '2359' }],
    };
    // The minute of the week at which it is open must not come while the test runs.
    const { now } = await sandbox(server.base, 'GET', '/clock');
    const into = (now + 4 * 86_400) % WEEK; // Since Sunday, midnight in London's winter.
    if (into < 4 * 3_600) await sandbox(server.base, 'POST', '/clock/advance', { seconds: 5 * 3_600 });
    await graph(server.base, 'POST', `${PHONE}/settings`, { calling: { call_hours, callback_permission_status: 'ENABLED' } });
    phone = await openPhone(browser, server.base, { prefix: 'closed-' });
    await phone.business().click();
  });
  after(async () => {
    await browser?.close();
    await hooks?.close();
    assert.equal(await server?.stop(), 0);
    assert.deepEqual(hooks.faults, []);
  });

  it('names its opening, is not called, and calls back when asked', async () => {
    // With the date where Sunday is a week away.
    await phone.page.getByText(/^Closed\. Opens Sunday (\d{4}-\d\d-\d\d )?03:00\./).waitFor();
    assert.match(await phone.business().textContent(), /closed/);
    await phone.assertWellMade();
    await phone.shot('thread');
    await phone.button('Business info').click();
    const hours = phone.dialog.getByRole('table', { name: 'Call hours (Europe/London)' });
    await hours.waitFor();
    const lines = await hours.getByRole('row').evaluateAll((rows) => rows.map((row) => [...row.cells].map((cell) => cell.textContent)));
    assert.deepEqual(lines.at(0), ['Monday', 'Closed']);
    assert.deepEqual(lines.slice(6), [['Sunday', '03:00–03:01'], ['Thursday 2099-01-01', 'Closed']]);
    await phone.assertWellMade();
    await phone.shot('hours');
    await phone.dialog.getByRole('button', { name: 'Close' }).click();
    await phone.button('Call').click();
    await phone.phase('ended');
    assert.match(await phone.dialog.textContent(), /This business is closed; it opens Sunday (\d{4}-\d\d-\d\d )?03:00\./);
    await phone.shot('refused');
    await phone.button('Close').click();
    assert.deepEqual(hooks.events, [], 'no webhook tells of a call that the phone does not place');

    await phone.button('Ask to be called back').click();
    await phone.page.getByText('The business may call you back.').waitFor();
    const { interactive } = await hooks.next('interactive');
    const { response, response_source } = interactive.call_permission_reply;
    assert.deepEqual([response, response_source], ['accept', 'automatic']);
    const { actions } = await graph(server.base, 'GET', `${PHONE}/call_permissions?user_wa_id=${ANA}`);
    assert.equal(actions.find((one) => one.action_name === 'start_call').can_perform_action, true);
    await phone.shot('asked');
    await phone.assertWellMade();
  });

  it('is called again once it is open', async () => {
    const { next_opening } = await sandbox(server.base, 'GET', `/users/${ANA}/view?phone_number_id=${PHONE}`);
    const { now } = await sandbox(server.base, 'GET', '/clock');
    await sandbox(server.base, 'POST', '/clock/advance', { seconds: next_opening - now });
    await phone.page.reload();
    await phone.page.waitForFunction(() => window.ahoyPhone?.link === 'online', null, { timeout: 10_000 });
    await phone.business().click();
    await phone.button('Call').click();
    const { id } = await hooks.next('connect');
    await action(server.base, 'reject', id);
    await phone.phase('ended');
    await phone.assertWellMade();
  });
});
