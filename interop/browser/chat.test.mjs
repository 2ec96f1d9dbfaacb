// The chat on Ana's phone: what a business sends over the public API is there, and what she does with it comes back as a webhook.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { launch } from './browser.mjs';
import { action } from './business.mjs';
import { ANA, openPhone } from './phone-page.mjs';
import { PHONE, WABA, graph, receiver, sandbox, startServer } from './server.mjs';

const DAY = 86_400;

describe('the chat on the phone page', { timeout: 120_000 }, () => {
  let server, browser, hooks, phone;
  before(async () => {
    server = await startServer();
    browser = await launch();
    hooks = await receiver(server.base);
    phone = await openPhone(browser, server.base);
    await phone.business().click();
  });
  after(async () => {
    await browser?.close();
    await hooks?.close();
    assert.equal(await server?.stop(), 0);
    assert.deepEqual(hooks.faults, []);
  });
  beforeEach(() => hooks.events.splice(0));

  /** The business sends; answers the entry of the message in the chat. */
  const send = async (content) => {
    const answer = await graph(server.base, 'POST', `${PHONE}/messages`, { messaging_product: 'whatsapp', to: ANA, ...content });
    const id = answer.messages[0].id;
    const entry = phone.page.locator(`[data-message="${id}"]`);
    await entry.waitFor();
    return { id, entry, status: answer.messages[0].message_status };
  };
  const interactive = (interactive) => send({ type: 'interactive', interactive });
  const write = async (text) => {
    await phone.page.getByRole('textbox', { name: 'Message' }).fill(text);
    await phone.page.keyboard.press('Enter');
  };

  it('carries words both ways', async () => {
    await write('Hello, is my order ready?\nIt is A-77.'.split('\n')[0]);
    const said = await hooks.next('text');
    assert.equal(said.text.body, 'Hello, is my order ready?');
    await phone.page.locator('[data-kind="text"].sent', { hasText: 'is my order ready' }).waitFor();
    const { id, entry } = await send({ type: 'text', text: { body: 'Yes, it is.\nCome by any time.' }, context: { message_id: said.id } });
    assert.match(await entry.textContent(), /Yes, it is\./);
    assert.match(await entry.locator('blockquote').textContent(), /Hello, is my order ready/);
    assert.match(await phone.page.locator('#announcement').textContent(), /Yes, it is/, 'nobody says it aloud');
    await hooks.next('read', id);
    await graph(server.base, 'POST', `${PHONE}/messages`, { messaging_product: 'whatsapp', status: 'read', message_id: said.id });
    await phone.page.locator(`[data-message="${said.id}"][data-state="read"]`).waitFor();
  });

  it('keeps what is being written while messages come', async () => {
    const field = phone.page.getByRole('textbox', { name: 'Message' });
    await field.fill('half a sen');
    await send({ type: 'text', text: { body: 'Anything else?' } });
    assert.equal(await field.inputValue(), 'half a sen');
    assert.ok(await field.evaluate((field) => field === document.activeElement), 'the field lost the focus');
    await field.fill('');
  });

  it('shows a call button that calls with its payload until it expires', async () => {
    const { entry } = await interactive({ type: 'voice_call', body: { text: 'Talk to us about your order.' }, action: { name: 'voice_call', parameters: { display_text: 'Call us', ttl_minutes: 120, payload: 'order-55' } } });
    await entry.getByRole('button', { name: 'Call us' }).click();
    const call = await hooks.next('connect');
    assert.equal(call.cta_payload, 'order-55');
    await phone.phase('ringing');
    await action(server.base, 'reject', call.id);
    await phone.phase('ended');
    await phone.button('Close').click();
    await sandbox(server.base, 'POST', '/clock/advance', { seconds: 3 * 3600 });
    await phone.page.reload();
    await phone.business().click();
    await entry.getByText('This button has expired.').waitFor();
    assert.ok(await entry.getByRole('button', { name: 'Call us' }).isDisabled());
  });

  it('asks for permission, takes the answer, and lets a no become a yes', async () => {
    const card = { type: 'call_permission_request', action: { name: 'call_permission_request' }, body: { text: 'May we ring you about order A-77?' } };
    const { id, entry } = await interactive(card);
    await phone.shot('request');
    await entry.getByRole('button', { name: 'Don’t allow' }).click();
    const no = await hooks.next('interactive');
    assert.deepEqual([no.interactive.call_permission_reply.response, no.context.id], ['reject', id]);
    await entry.getByText('You did not allow calls.').waitFor();
    hooks.events.splice(0);
    await entry.getByText('Change your answer').click();
    await entry.getByRole('button', { name: 'Allow for 7 days' }).click();
    const yes = await hooks.next('interactive');
    assert.deepEqual([yes.interactive.call_permission_reply.response, yes.interactive.call_permission_reply.is_permanent], ['accept', false]);
    await entry.getByText(/You allowed calls/).waitFor();
    await phone.button('Business info').click();
    await phone.dialog.getByText(/may call you until/).waitFor();
    await phone.shot('profile');
    await phone.dialog.getByRole('button', { name: 'Don’t allow calls' }).click();
    await phone.dialog.getByText(/may not call you/).waitFor();
    await phone.dialog.getByRole('button', { name: 'Close' }).click();
  });

  it('sends the answer that is tapped, once', async () => {
    const { id, entry } = await interactive({ type: 'button', body: { text: 'Shall we deliver today?' }, action: { buttons: [['y', 'Yes, please'], ['n', 'No']].map(([id, title]) => ({ type: 'reply', reply: { id, title } })) } });
    await entry.getByRole('button', { name: 'Yes, please' }).click();
    const tapped = await hooks.next('interactive');
    assert.deepEqual([tapped.interactive.button_reply.id, tapped.context.id], ['y', id]);
    await entry.getByRole('button', { name: 'No', exact: true, disabled: true }).waitFor();
    hooks.events.splice(0);
    const rows = [{ id: 'am', title: 'Morning', description: '8 to 12' }, { id: 'pm', title: 'Afternoon' }];
    const list = await interactive({ type: 'list', header: { type: 'text', text: 'Delivery' }, body: { text: 'When does it suit you?' }, footer: { text: 'Every day but Sunday' }, action: { button: 'Pick a time', sections: [{ title: 'Today', rows }] } });
    await list.entry.getByText('Pick a time').click();
    await phone.shot('list');
    await list.entry.getByRole('button', { name: 'Morning' }).click();
    const chosen = await hooks.next('interactive');
    assert.equal(chosen.interactive.list_reply.id, 'am');
    await phone.page.locator('[data-kind="list_reply"]', { hasText: 'Morning' }).waitFor();
  });

  it('shows a template with a call button, and one that asks for permission after the window has closed', async () => {
    const make = (name, components) => graph(server.base, 'POST', `${WABA}/message_templates`, { name, language: 'en', category: 'UTILITY', components });
    await make('ring_us', [
      { type: 'HEADER', format: 'TEXT', text: 'Order {{1}}', example: { header_text: ['A-77'] } },
      { type: 'BODY', text: 'Ring us about order {{1}} any time.', example: { body_text: [['A-77']] } },
      { type: 'FOOTER', text: 'Harbour Café' },
      { type: 'BUTTONS', buttons: [{ type: 'voice_call', text: 'Call Now', ttl_minutes: 1440 }, { type: 'QUICK_REPLY', text: 'No need' }] },
    ]);
    await make('may_we_ring', [{ type: 'BODY', text: 'May we ring you about your order?' }, { type: 'call_permission_request' }]);
    await sandbox(server.base, 'POST', '/clock/advance', { seconds: 2 * DAY });
    const text = (text) => ({ type: 'text', text });
    const template = (name, components) => send({ type: 'template', template: { name, language: { code: 'en' }, components } });
    const button = { type: 'button', sub_type: 'voice_call', parameters: [{ type: 'ttl_minutes', ttl_minutes: 120 }, { type: 'payload', payload: 'order-77' }] };
    const ring = await template('ring_us', [{ type: 'header', parameters: [text('B-8')] }, { type: 'body', parameters: [text('B-8')] }, button]);
    assert.equal(ring.status, 'accepted');
    assert.match(await ring.entry.textContent(), /Order B-8.*Ring us about order B-8 any time\..*Harbour Café/);
    await ring.entry.getByRole('button', { name: 'Call Now' }).click();
    const call = await hooks.next('connect');
    assert.equal(call.cta_payload, 'order-77');
    await phone.phase('ringing');
    await phone.button('Hang up').click();
    await phone.button('Close').click();
    const ask = await template('may_we_ring', []);
    await ask.entry.getByRole('button', { name: 'Always allow' }).click();
    const reply = await hooks.next('interactive');
    assert.equal(reply.interactive.call_permission_reply.is_permanent, true);
  });

  it('takes no more from a business that is blocked', async () => {
    await phone.button('Business info').click();
    await phone.dialog.getByRole('button', { name: 'Block' }).click();
    await phone.dialog.getByRole('button', { name: 'Unblock' }).waitFor();
    await phone.dialog.getByRole('button', { name: 'Close' }).click();
    await phone.page.getByText('You have blocked this business.').waitFor();
    assert.ok(await phone.page.getByRole('textbox', { name: 'Message' }).isHidden());
    await phone.button('Unblock').click();
    await phone.page.getByRole('textbox', { name: 'Message' }).waitFor();
  });

  it('is well made: wide, narrow, dark', async () => {
    await phone.shot('chat');
    await phone.assertWellMade();
    await phone.page.setViewportSize({ width: 320, height: 640 });
    await phone.page.emulateMedia({ colorScheme: 'dark' });
    await phone.shot('chat-narrow-dark');
    await phone.assertWellMade();
  });
});
