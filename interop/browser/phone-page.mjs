// The phone page as a person uses it: by roles and names.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { openPage } from './browser.mjs';
import { PHONE } from './server.mjs';

export const ANA = '447700900001';

const shots = process.env.AHOY_SHOTS;

/** By the server's own story of the call, the page's keys and address were there before the business's first packet. */
export function assertReadyInTime({ timeline }) {
  const at = (event, side) => timeline.findIndex((entry) => entry.event === event && entry.side === side);
  const [keys, address, first] = [at('dtls_done', 'user'), at('nominated', 'user'), at('first_packet', 'business')];
  assert.ok(keys >= 0 && address >= 0 && first > Math.max(keys, address), JSON.stringify(timeline));
}

/** Opens the phone of a seeded user, by way of `options.path` where that is given, and waits until it is online. */
export async function openPhone(browser, base, options = {}) {
  const opened = await openPage(browser, options);
  const { page } = opened;
  await page.goto(`${base}${options.path ?? '/phone'}`);
  const shot = (name) => shots && page.screenshot({ path: join(shots, `${options.prefix ?? ''}${name}.png`) });
  await shot('users');
  await page.getByRole('link', { name: options.user ?? 'Ana' }).click();
  await page.waitForFunction(() => window.ahoyPhone?.link === 'online', null, { timeout: 10_000 });
  const dialog = page.getByRole('dialog');
  return {
    ...opened,
    shot,
    dialog,
    business: (id = PHONE) => page.locator(`[data-business="${id}"]`),
    button: (name) => page.getByRole('button', { name, exact: true }),
    /** Waits until the call on the screen is in this phase. */
    phase: (phase, ms = 10_000) =>
      page.waitForFunction((phase) => window.ahoyPhone.phase === phase, phase, { timeout: ms, polling: 50 }).catch(async () => {
        throw new Error(`after ${ms} ms the phone is not ${phase} but ${JSON.stringify(await page.evaluate(() => window.ahoyPhone))}: ${await dialog.textContent()}`);
      }),
    callId: () => page.evaluate(() => window.ahoyPhone.callId),
    /** RMS level in dBFS of what the page's audio element plays, over half a second. */
    loudness: () =>
      page.evaluate(async () => {
        const audio = document.getElementById('remote-audio');
        if (audio.paused || !audio.srcObject) return -Infinity;
        const context = new AudioContext();
        await context.resume();
        const meter = new AnalyserNode(context, { fftSize: 16384 });
        context.createMediaStreamSource(audio.srcObject).connect(meter);
        const samples = new Float32Array(meter.fftSize);
        const until = performance.now() + 5000;
        let power = 0;
        // The analyser fills as sound comes in: look at each frame the page draws until there is some.
        while (performance.now() < until) {
          await new Promise(requestAnimationFrame);
          meter.getFloatTimeDomainData(samples);
          power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
          if (10 * Math.log10(power) > -40) break;
        }
        await context.close();
        return 10 * Math.log10(power);
      }),
    /** Nothing sticks out to the side, and the page complained about nothing. */
    async assertWellMade() {
      const [wide, view] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
      assert.ok(wide <= view, `the page is ${wide} px wide in a window of ${view} px`);
      assert.deepEqual(opened.problems, []);
    },
  };
}
