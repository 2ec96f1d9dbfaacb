// Calls between two Chromium pages: Ana's phone and a business of its own, through the whole platform.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { MIC_HZ, heard, launch, openPage, received, sent, unbroken, until } from './browser.mjs';
import { action, answerTo, businessVoice, connect, connected, makeOffer, rsaCertificate, takeAnswer } from './business.mjs';
import { ANA, assertReadyInTime, openPhone } from './phone-page.mjs';
import { PHONE, receiver, sandbox, startServer } from './server.mjs';
import { pitch } from './sound.mjs';

const BUSINESS_HZ = 523;

/** One side heard the other: the pitch, every sequence number, and every frame that left as it left. */
async function assertHeard(who, listener, speaker, hz) {
  const { missing, doubled, sources, frames, prints, lost } = await heard(listener);
  assert.deepEqual([missing, doubled, lost, sources.length], [[], 0, 0, 1], who);
  const found = pitch(frames.slice(-30, -5).flat(), 48_000);
  assert.ok(found && Math.abs(found - hz) <= hz / 100, `${who} heard ${found} Hz, not ${hz} Hz`);
  assert.ok(unbroken(await sent(speaker), prints), `${who}: what arrived is no unbroken stretch of what was sent`);
}

describe('a call between a phone page and a business page', { timeout: 120_000 }, () => {
  let server, browser, hooks, phone, business;
  before(async () => {
    server = await startServer();
    browser = await launch();
    hooks = await receiver(server.base);
    phone = await openPhone(browser, server.base);
    ({ page: business } = await openPage(browser));
    await businessVoice(business, server.base, BUSINESS_HZ);
    await sandbox(server.base, 'POST', `/users/${ANA}/permission`, { phone_number_id: PHONE, response: 'accept_permanent' });
  });
  after(async () => {
    await browser?.close();
    await hooks?.close();
    assert.equal(await server?.stop(), 0);
    assert.deepEqual(hooks.faults, []);
  });
  beforeEach(() => hooks.events.splice(0));

  it('placed by Ana is heard by both from accept on', async () => {
    await phone.business().click();
    await phone.button('Call').click();
    await phone.phase('ringing');
    const { id, session } = await hooks.next('connect');
    assert.equal(await phone.callId(), id);
    const sdp = await answerTo(business, session.sdp);
    await action(server.base, 'pre_accept', id, sdp);
    await connected(business);
    await phone.shot('ringing');
    assert.deepEqual([await received(phone.page), await received(business)], [0, 0], 'something was heard before accept');
    await action(server.base, 'accept', id, sdp);
    await phone.phase('connected');
    await Promise.all([until(phone.page, 200), until(business, 200)]);
    assert.ok((await phone.loudness()) > -40, 'the page plays nothing');
    await assertHeard('Ana', phone.page, business, BUSINESS_HZ);
    await assertHeard('the business', business, phone.page, MIC_HZ);
    await phone.button('Hang up').click();
    const end = await hooks.next('terminate', id);
    assert.ok(end.status === 'COMPLETED' && end.duration >= 4, JSON.stringify(end));
    await phone.button('Close').click();
    await phone.assertWellMade();
  });

  it('placed by the business rings the page, and both hear each other once Ana accepts', async () => {
    const id = await connect(server.base, ANA, await makeOffer(business));
    const { session } = await hooks.next('connect', id);
    await takeAnswer(business, session.sdp);
    await hooks.next('RINGING', id);
    await phone.phase('incoming');
    await connected(business);
    await phone.shot('incoming');
    assert.deepEqual([await received(phone.page), await received(business)], [0, 0], 'something was heard before Ana accepted');
    await phone.button('Accept').click();
    await phone.phase('connected');
    await hooks.next('ACCEPTED', id);
    await Promise.all([until(phone.page, 200), until(business, 200)]);
    assert.ok((await phone.loudness()) > -40, 'the page plays nothing');
    await assertHeard('Ana', phone.page, business, BUSINESS_HZ);
    await assertHeard('the business', business, phone.page, MIC_HZ);
    await action(server.base, 'terminate', id);
    await phone.phase('ended');
    assert.match(await phone.dialog.textContent(), /The business hung up\./);
    const end = await hooks.next('terminate', id);
    assert.ok(end.duration >= 4, JSON.stringify(end));
    await phone.button('Close').click();
  });

  it('is heard from its first packet by Ana though the business accepts the moment it hears of the call', async () => {
    await phone.button('Call').click();
    const { id, session } = await hooks.next('connect');
    await action(server.base, 'accept', id, await answerTo(business, session.sdp));
    await phone.phase('connected');
    await Promise.all([until(phone.page, 100), until(business, 100)]);
    await assertHeard('Ana', phone.page, business, BUSINESS_HZ);
    assertReadyInTime((await sandbox(server.base, 'GET', `/users/${ANA}/calls/${id}`)).media);
    await phone.button('Hang up').click();
    await hooks.next('terminate', id);
    await phone.button('Close').click();
  });

  it('is heard by both whatever certificate the business has and whichever end begins DTLS', async () => {
    await rsaCertificate(business);
    for (const setup of ['active', 'passive']) {
      await phone.button('Call').click();
      const { id, session } = await hooks.next('connect');
      await action(server.base, 'accept', id, await answerTo(business, session.sdp, setup));
      await phone.phase('connected');
      await Promise.all([until(phone.page, 100), until(business, 100)]);
      await assertHeard('Ana', phone.page, business, BUSINESS_HZ);
      await assertHeard('the business', business, phone.page, MIC_HZ);
      const { media } = await sandbox(server.base, 'GET', `/users/${ANA}/calls/${id}`);
      const roles = media.timeline.filter((step) => step.event === 'dtls_started' && step.side === 'business').map((step) => step.role);
      assert.deepEqual(roles, [setup === 'active' ? 'server' : 'client'], `setup:${setup}`);
      await phone.button('Hang up').click();
      await hooks.next('terminate', id);
      await phone.button('Close').click();
      hooks.events.splice(0);
    }
    await business.evaluate(() => delete window.certificates);
  });

  it('rings a page that is loaded again meanwhile, and is taken there with sound', async () => {
    const id = await connect(server.base, ANA, await makeOffer(business));
    const { session } = await hooks.next('connect', id);
    await takeAnswer(business, session.sdp);
    await phone.phase('incoming');
    await phone.page.waitForFunction(() => window.__taps.at(-1)?.peer.connectionState === 'connected');
    await phone.page.reload();
    await phone.phase('incoming');
    await connected(business);
    await phone.button('Accept').click();
    await phone.phase('connected');
    await hooks.next('ACCEPTED', id);
    await Promise.all([until(phone.page, 100), until(business, 100)]);
    assert.ok((await phone.loudness()) > -40, 'the page plays nothing');
    await assertHeard('Ana', phone.page, business, BUSINESS_HZ);
    await assertHeard('the business', business, phone.page, MIC_HZ);
    // Loaded again within the call, the page takes the call with it.
    await phone.page.reload();
    const end = await hooks.next('terminate', id);
    assert.equal(end.status, 'COMPLETED');
    await phone.page.waitForFunction(() => window.ahoyPhone?.link === 'online');
    assert.equal(await phone.page.evaluate(() => window.ahoyPhone.phase), 'idle');
  });

  it('is declined on the page', async () => {
    const id = await connect(server.base, ANA, await makeOffer(business));
    await hooks.next('RINGING', id);
    await phone.phase('incoming');
    await phone.button('Decline').click();
    const end = await hooks.next('terminate', id);
    assert.ok(!('duration' in end), JSON.stringify(end));
    assert.deepEqual(hooks.events.map((event) => event.kind).slice(-2), ['REJECTED', 'terminate']);
    await phone.phase('ended');
    assert.match(await phone.dialog.textContent(), /You declined the call\./);
    await phone.button('Close').click();
    await phone.phase('idle');
  });

  it('that the business rejects says so', async () => {
    await phone.button('Call').click();
    const { id } = await hooks.next('connect');
    await action(server.base, 'reject', id);
    await phone.phase('ended');
    assert.match(await phone.dialog.textContent(), /The business declined the call\./);
    await phone.button('Close').click();
  });

  it('goes on when the socket is lost and found again', async () => {
    await phone.button('Call').click();
    const { id, session } = await hooks.next('connect');
    await action(server.base, 'accept', id, await answerTo(business, session.sdp));
    await phone.phase('connected');
    await until(phone.page, 50);
    const closed = await phone.page.evaluate(() => {
      const open = window.__sockets.filter((socket) => socket.readyState === WebSocket.OPEN);
      open.forEach((socket) => socket.close());
      return { open: open.length, all: window.__sockets.length };
    });
    assert.equal(closed.open, 1);
    await phone.page.waitForFunction((all) => window.__sockets.length > all && window.ahoyPhone.link === 'online', closed.all, { timeout: 15_000 });
    assert.equal(await phone.page.evaluate(() => window.ahoyPhone.phase), 'connected');
    await until(phone.page, (await received(phone.page)) + 50);
    await assertHeard('Ana', phone.page, business, BUSINESS_HZ);
    await phone.button('Hang up').click();
    await hooks.next('terminate', id);
    await phone.button('Close').click();
  });

  it('cannot be placed to a business that takes no calls, and the page says why', async () => {
    await phone.business('710000000000002').click();
    await phone.page.getByText('This business does not take calls.').waitFor();
    await phone.business().click();
  });

  it('says in plain words that there is no microphone, and goes on without one', async () => {
    const silent = await openPhone(browser, server.base, { user: 'Ben' });
    await silent.page.evaluate(() => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotFoundError'));
    });
    await silent.business().click();
    await silent.button('Call').click();
    await silent.phase('no-microphone');
    assert.match(await silent.dialog.textContent(), /No microphone was found on this device\./);
    await silent.shot('no-microphone');
    await silent.button('Call without a microphone').click();
    const { id, session } = await hooks.next('connect');
    await action(server.base, 'accept', id, await answerTo(business, session.sdp));
    await silent.phase('connected');
    await until(silent.page, 100);
    await assertHeard('Ben', silent.page, business, BUSINESS_HZ);
    await action(server.base, 'terminate', id);
    await silent.phase('ended');
    await silent.context.close();
  });
});
