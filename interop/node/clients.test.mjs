// Two clients of the published wire as their users install them, with only the host name changed: whatsapp-api-js (clients.md §3)
// and @kapso/whatsapp-cloud-api (§4). What they read out of answers and webhooks is what is asserted.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { WhatsAppClient } from '@kapso/whatsapp-cloud-api';
import { normalizeWebhook, verifySignature } from '@kapso/whatsapp-cloud-api/server';
import { WhatsAppAPI } from 'whatsapp-api-js';
import { ActionButtons, ActionCallPermission, Body, Button, Interactive, Text } from 'whatsapp-api-js/messages';
import { APP, PHONE, ROOT, WABA, json, sandbox, startServer, within } from '../browser/server.mjs';

const [TOKEN, SECRET, VERIFY] = ['ahoy-dev-token', 'ahoy-dev-secret', 'interop-verify'];
const OFFER = readFileSync(join(ROOT, 'crates', 'sdp', 'tests', 'data', 'chrome-offer.sdp'), 'utf8').replace(/\r?\n/g, '\r\n');

let server, hooks, wa;
const kapso = () => new WhatsAppClient({ baseUrl: server.base, graphVersion: 'v24.0', accessToken: TOKEN });
let users = 447700900300;
const user = async (behaviour = {}) => {
  const wa_id = String(users++);
  await sandbox(server.base, 'POST', '/users', { wa_id, name: 'Zoe', behaviour });
  return wa_id;
};
const act = (who, path, body = {}) => sandbox(server.base, 'POST', `/users/${who}/${path}`, body);

/** What the receiver got: as whatsapp-api-js tells it, and as it came in. `next` waits for the first that is wanted. */
function inbox() {
  const kept = [];
  const waiting = new Set();
  return {
    kept,
    put(kind, args) {
      kept.push({ kind, ...args });
      for (const look of waiting) look();
    },
    next(kind, wanted = () => true) {
      let look;
      const found = new Promise((resolve) => {
        look = () => {
          const one = kept.find((each) => each.kind === kind && wanted(each));
          if (one) resolve(one);
        };
        waiting.add(look);
        look();
      });
      return within(found, 15_000, () => `a webhook of kind ${kind}; there were ${kept.map((each) => each.kind)}`).finally(() => waiting.delete(look));
    },
  };
}

before(async () => {
  server = await startServer();
  // Its one override: the function it fetches with.
  const fetched = (url, options) => fetch(String(url).replace('https://graph.facebook.com', server.base), options);
  wa = new WhatsAppAPI({ token: TOKEN, appSecret: SECRET, webhookVerifyToken: VERIFY, v: 'v24.0', ponyfill: { fetch: fetched } });
  hooks = { inbox: inbox(), raw: [], faults: [] };
  wa.on = {
    message: (args) => hooks.inbox.put('message', args),
    status: (args) => hooks.inbox.put('status', args),
    call: {
      connect: (args) => hooks.inbox.put('connect', args),
      terminate: (args) => hooks.inbox.put('terminate', args),
      status: (args) => hooks.inbox.put('call status', args),
    },
  };
  const receiver = createServer(async (request, response) => {
    try {
      if (request.method === 'GET') {
        return response.end(wa.get(Object.fromEntries(new URL(request.url, 'http://localhost').searchParams)));
      }
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      const raw = Buffer.concat(chunks).toString();
      const signature = request.headers['x-hub-signature-256'];
      await wa.post(JSON.parse(raw), raw, signature);
      hooks.raw.push({ raw, signature });
      response.end();
    } catch (fault) {
      hooks.faults.push(fault);
      response.writeHead(500).end();
    }
  });
  await new Promise((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  hooks.stop = () => new Promise((resolve) => receiver.close(resolve).closeAllConnections());
  const callback_url = `http://127.0.0.1:${receiver.address().port}/`;
  const subscription = { object: 'whatsapp_business_account', callback_url, verify_token: VERIFY, fields: 'calls,messages' };
  await json('POST', `${server.base}/v24.0/${APP}/subscriptions`, subscription, { authorization: `Bearer ${APP}|${SECRET}` });
});

after(async () => {
  await hooks?.stop();
  assert.equal(await server?.stop(), 0);
  assert.deepEqual(hooks.faults, [], 'whatsapp-api-js could not read a webhook');
});

test('whatsapp-api-js is called, its echoed answer is refused politely, and it rejects', async () => {
  const zoe = await user();
  const { id } = await act(zoe, 'calls', { to: PHONE, cta_payload: 'order-55' });
  const connect = await hooks.inbox.next('connect', (call) => call.call.id === id);
  assert.deepEqual([connect.from, connect.name, connect.phoneID], [zoe, 'Zoe', PHONE]);
  assert.deepEqual([connect.call.direction, connect.call.cta_payload, connect.call.session.sdp_type], ['USER_INITIATED', 'order-55', 'offer']);
  // Its helper sends the offer back as if it were an answer (clients.md §3).
  const echoed = await connect.preaccept();
  assert.equal(echoed.error.code, 100);
  assert.match(echoed.error.error_data.details, /sdp/i);
  assert.deepEqual(await connect.reject(), { messaging_product: 'whatsapp', success: true });
  const ended = await hooks.inbox.next('terminate', (call) => call.call.id === id);
  assert.deepEqual([ended.call.status, ended.call.duration, ended.call.cta_payload], ['COMPLETED', undefined, 'order-55']);
});

test('whatsapp-api-js asks for permission in a chat, calls and hangs up', async () => {
  const zoe = await user({ on_ring: 'manual', on_permission_request: 'accept' });
  const refused = await wa.initiateCall(PHONE, zoe, OFFER);
  assert.equal(refused.error.code, 138006);
  await act(zoe, 'messages', { to: PHONE, type: 'text', text: { body: 'Hello' } });
  const hello = await hooks.inbox.next('message', (each) => each.from === zoe);
  assert.equal(hello.message.text.body, 'Hello');
  assert.deepEqual(await hello.received('text'), { success: true });
  // It answers by number and business-scoped id at once.
  const sent = await hello.reply(new Interactive(new ActionCallPermission(), new Body('May we call you?')), true);
  const reply = await hooks.inbox.next('message', (each) => each.from === zoe && each.message.type === 'interactive');
  assert.equal(reply.message.context.id, sent.messages[0].id);
  assert.deepEqual([reply.message.interactive.call_permission_reply.response, reply.message.interactive.call_permission_reply.is_permanent], ['accept', false]);
  await hooks.inbox.next('status', (each) => each.id === sent.messages[0].id && each.status === 'read');

  const placed = await wa.initiateCall(PHONE, zoe, OFFER, 'crm-77');
  const { id } = placed.calls[0];
  const connect = await hooks.inbox.next('connect', (call) => call.call.id === id);
  assert.deepEqual([connect.call.direction, connect.call.session.sdp_type], ['BUSINESS_INITIATED', 'answer']);
  const ringing = await hooks.inbox.next('call status', (each) => each.call?.id === id || each.id === id);
  assert.match(JSON.stringify(ringing.raw), /"RINGING"/);
  assert.equal((await wa.terminateCall(PHONE, id)).success, true);
  const ended = await hooks.inbox.next('terminate', (call) => call.call.id === id);
  assert.equal(ended.call.biz_opaque_callback_data, 'crm-77');
});

test('whatsapp-api-js sends buttons and files', async () => {
  const zoe = await user();
  await act(zoe, 'messages', { to: PHONE, type: 'text', text: { body: 'Hello' } });
  const sent = await wa.sendMessage(PHONE, `+${zoe}`, new Interactive(new ActionButtons(new Button('order', 'Order'), new Button('other', 'Other')), new Body('What about?')));
  await act(zoe, 'taps', { message_id: sent.messages[0].id, reply_id: 'order' });
  const chosen = await hooks.inbox.next('message', (each) => each.from === zoe && each.message.type === 'interactive');
  assert.equal(chosen.message.interactive.button_reply.id, 'order');
  const text = await wa.sendMessage(PHONE, zoe, new Text('Thank you'), undefined, 'crm-1');
  const status = await hooks.inbox.next('status', (each) => each.id === text.messages[0].id);
  assert.equal(status.biz_opaque_callback_data, 'crm-1');
  const bytes = readFileSync(join(ROOT, 'crates', 'graph', 'tests', 'data', 'opus-59s.ogg'));
  const form = new FormData();
  form.set('file', new Blob([bytes], { type: 'audio/ogg' }), 'closed.ogg');
  const { id } = await wa.uploadMedia(PHONE, form);
  const file = await wa.retrieveMedia(id);
  const got = Buffer.from(await (await wa.fetchMedia(file.url)).arrayBuffer());
  assert.ok(got.equals(bytes));
  assert.deepEqual(await wa.deleteMedia(id), { success: true });
});

test('the Kapso client sets, asks, calls and makes templates', async () => {
  const zoe = await user({ on_ring: 'manual' });
  const api = kapso();
  const settings = (await api.phoneNumbers.settings.get({ phoneNumberId: PHONE })).calling;
  assert.equal(settings.status, 'ENABLED');
  const callHours = { status: 'ENABLED', timezoneId: 'Europe/Madrid', weeklyOperatingHours: [{ dayOfWeek: 'MONDAY', openTime: '0900', closeTime: '1330' }] };
  await api.phoneNumbers.settings.update({ phoneNumberId: PHONE, calling: { callHours } });
  const changed = (await api.phoneNumbers.settings.get({ phoneNumberId: PHONE })).calling;
  assert.deepEqual({ ...changed.callHours, holidaySchedule: undefined }, { ...callHours, holidaySchedule: undefined });
  await api.phoneNumbers.settings.update({ phoneNumberId: PHONE, calling: { callHours: { ...callHours, status: 'DISABLED' } } });

  const before = await api.calls.permissions.get({ phoneNumberId: PHONE, userWaId: zoe });
  assert.deepEqual([before.permission.status, before.actions.length], ['no_permission', 2]);
  const session = { sdpType: 'offer', sdp: OFFER };
  await assert.rejects(api.calls.connect({ phoneNumberId: PHONE, to: zoe, session }), (error) => error.code === 138006 && error.constructor.name === 'GraphApiError');
  await act(zoe, 'permission', { phone_number_id: PHONE, response: 'accept_permanent' });
  assert.equal((await api.calls.permissions.get({ phoneNumberId: PHONE, userWaId: zoe })).permission.status, 'permanent');
  const placed = await api.calls.connect({ phoneNumberId: PHONE, to: zoe, session, bizOpaqueCallbackData: 'crm-78' });
  const { id } = placed.calls[0];
  await hooks.inbox.next('call status', (each) => JSON.stringify(each.raw).includes(id));
  assert.equal((await api.calls.terminate({ phoneNumberId: PHONE, callId: id })).success, true);
  await hooks.inbox.next('terminate', (call) => call.call.id === id);

  const made = await api.templates.create({
    businessAccountId: WABA, name: 'kapso_ask', language: 'en_US', category: 'UTILITY',
    components: [{ type: 'BODY', text: 'May we call you about your order today?' }, { type: 'CALL_PERMISSION_REQUEST' }],
  });
  assert.equal(made.status, 'APPROVED');
  const listed = await api.templates.list({ businessAccountId: WABA, name: 'kapso_ask' });
  assert.deepEqual(listed.data.map((template) => [template.id, template.components.length]), [[made.id, 2]]);
  const sent = await api.messages.sendTemplate({ phoneNumberId: PHONE, to: await user(), template: { name: 'kapso_ask', language: { code: 'en_US' } } });
  assert.equal(sent.messages[0].messageStatus, 'accepted');
  assert.equal((await api.templates.delete({ businessAccountId: WABA, name: 'kapso_ask' })).success, true);
  assert.equal((await api.phoneNumbers.register({ phoneNumberId: PHONE, pin: '123456' })).success, true);
});

test('the Kapso client verifies and understands every webhook there was', () => {
  assert.ok(hooks.raw.length > 10, `only ${hooks.raw.length} webhooks`);
  const events = [];
  for (const { raw, signature } of hooks.raw) {
    assert.ok(verifySignature({ appSecret: SECRET, rawBody: raw, signatureHeader: signature }), raw);
    assert.ok(!verifySignature({ appSecret: SECRET, rawBody: `${raw} `, signatureHeader: signature }));
    const told = normalizeWebhook(JSON.parse(raw));
    assert.equal(told.phoneNumberId, PHONE);
    assert.ok(told.contacts[0].userId, raw);
    assert.equal(told.calls.length + told.messages.length + told.statuses.length, 1, raw);
    events.push(...told.calls);
  }
  const ends = events.filter((call) => call.event === 'terminate');
  assert.ok(ends.length >= 3 && ends.every((call) => call.id?.startsWith('wacid.') && call.direction && call.status), JSON.stringify(ends));
});
