// Ana calls from the page and the sample agent answers.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { MIC_HZ, heard, launch, received, until } from './browser.mjs';
import { ANA, assertReadyInTime, openPhone } from './phone-page.mjs';
import { sandbox, startServer } from './server.mjs';
import { pitch, tone } from './sound.mjs';

const BEEP_HZ = 1000;
/** The agent's tone for each digit, as it documents them. */
const DIGIT_HZ = { 5: 1500, '#': 1980 };

/** Listens from the `from`-th frame on, at most eight seconds of sound, until a tone of `hz` was there. */
async function hearsTone(page, from, hz, what) {
  for (let frames = 50; frames <= 400; frames += 50) {
    await until(page, from + frames);
    if (tone((await heard(page, from)).frames, 48_000, hz).seconds >= 0.1) return;
  }
  throw new Error(`the agent did not answer ${what} with ${hz} Hz within eight seconds of sound`);
}

describe('a call to the sample agent', { timeout: 90_000 }, () => {
  let server, browser;
  before(async () => {
    server = await startServer();
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    assert.equal(await server?.stop(), 0);
  });

  it('is answered, greets, beeps, echoes the microphone, answers keys and ends when Ana hangs up', async () => {
    const phone = await openPhone(browser, server.base);
    await phone.business().click();
    await phone.button('Call').click();
    await phone.phase('connected');
    const id = await phone.callId();
    // Greeting and beep take about two and a half seconds; the rest is the echo.
    await until(phone.page, 350);
    assert.ok((await phone.loudness()) > -40, 'the page plays nothing');
    const first = await heard(phone.page);
    assert.deepEqual([first.missing, first.doubled, first.sources.length], [[], 0, 1]);
    const beep = tone(first.frames, 48_000, BEEP_HZ);
    assert.ok(beep.seconds >= 0.1, `no beep of ${BEEP_HZ} Hz`);
    const echo = tone(first.frames, 48_000, MIC_HZ);
    assert.ok(echo.seconds >= 1.5 && echo.start > beep.start, `${echo.seconds} s of the microphone's ${MIC_HZ} Hz came back`);
    const found = pitch(first.frames.slice(echo.from + 3, echo.from + 28).flat(), 48_000);
    assert.ok(Math.abs(found - MIC_HZ) <= MIC_HZ / 100, `the echo is at ${found} Hz`);

    await phone.button('Keypad').click();
    for (const [digit, hz] of Object.entries(DIGIT_HZ)) {
      const before = await received(phone.page);
      await phone.button(digit).click();
      await hearsTone(phone.page, before, hz, `the key ${digit}`);
    }
    await phone.shot('connected-keypad');
    await phone.button('Hang up').click();
    await phone.phase('ended');
    assert.match(await phone.dialog.textContent(), /You hung up\. The call lasted \d+ s\./);
    await phone.shot('ended');
    await phone.button('Close').click();
    await phone.page.locator(`[data-call="${id}"][data-outcome="answered"]`).waitFor();
    await phone.shot('thread');

    const call = await sandbox(server.base, 'GET', `/users/${ANA}/calls/${id}`);
    assert.deepEqual([call.state, call.direction], ['ended', 'USER_INITIATED']);
    // The agent accepts and greets at once, and yet the page was ready for its first packet.
    assertReadyInTime(call.media);
    const { data } = await sandbox(server.base, 'GET', `/deliveries?call=${encodeURIComponent(id)}`);
    const events = data.map((delivery) => JSON.parse(delivery.body).entry[0].changes[0].value.calls[0]);
    assert.deepEqual(events.map((event) => event.event), ['connect', 'terminate']);
    assert.ok(events[1].duration >= 7 && events[1].status === 'COMPLETED', JSON.stringify(events[1]));
    await phone.assertWellMade();
  });

  it('ends when Ana presses the star key', async () => {
    const phone = await openPhone(browser, server.base);
    await phone.business().click();
    await phone.button('Call').click();
    await phone.phase('connected');
    await until(phone.page, 50);
    await phone.button('Keypad').click();
    await phone.button('*').click();
    await phone.phase('ended');
    assert.match(await phone.dialog.textContent(), /The business hung up\./);
    await phone.context.close();
  });

  it('can be made with the keyboard alone on a narrow screen in the dark', async () => {
    const phone = await openPhone(browser, server.base, { viewport: { width: 360, height: 640 }, colorScheme: 'dark', prefix: 'narrow-dark-' });
    const { keyboard } = phone.page;
    await phone.assertWellMade();
    await phone.shot('businesses');
    const focus = () => phone.page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent?.trim() ?? '');
    /** Tabs to the control with this name, as somebody without a mouse does. */
    const tabTo = async (name) => {
      for (let n = 0; n < 25; n++) {
        await keyboard.press('Tab');
        if (name.test(await focus())) return;
      }
      throw new Error(`Tab never reached ${name}; it stands on "${await focus()}"`);
    };
    const name = await phone.business().locator('strong').textContent();
    await tabTo(new RegExp(name));
    await keyboard.press('Enter');
    await phone.button('Call').waitFor();
    await phone.shot('thread');
    if (!/^Call$/.test(await focus())) await tabTo(/^Call$/);
    await keyboard.press('Enter');
    await phone.phase('connected');
    await until(phone.page, 25);
    await phone.assertWellMade();
    await phone.shot('connected');
    const before = await received(phone.page);
    await keyboard.press('5');
    await hearsTone(phone.page, before, DIGIT_HZ[5], 'the key 5 of the keyboard');
    await tabTo(/^Hang up$/);
    await keyboard.press('Enter');
    await phone.phase('ended');
    await phone.shot('ended');
    await keyboard.press('Escape');
    await phone.phase('idle');
    await phone.assertWellMade();
    await phone.context.close();
  });
});
