// Headless Chromium with a file for a microphone, and a tap on every RTP frame its pages receive.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { writeTone } from './sound.mjs';

export const MIC_HZ = 440;

export async function launch() {
  const wav = join(mkdtempSync(join(tmpdir(), 'ahoy-mic-')), 'mic.wav');
  writeTone(wav, MIC_HZ, 60);
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--autoplay-policy=no-user-gesture-required',
      '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', `--use-file-for-fake-audio-capture=${wav}`,
    ],
  });
}

/** Runs in the page before its own scripts: keeps what is received frame by frame, as it was sent, before any jitter buffer. */
function tap() {
  const Plain = window.RTCPeerConnection;
  const taps = (window.__taps = []);
  window.RTCPeerConnection = class extends Plain {
    constructor(configuration = {}) {
      super({ ...configuration, encodedInsertableStreams: true });
      window.__pc = this;
      this.addEventListener('track', ({ receiver }) => {
        const entry = { frames: [], receiver };
        taps.push(entry);
        const { readable, writable } = receiver.createEncodedStreams();
        readable
          .pipeThrough(new TransformStream({
            transform(frame, controller) {
              const { sequenceNumber, payloadType, rtpTimestamp, synchronizationSource } = frame.getMetadata();
              entry.frames.push({ at: performance.now(), sequence: sequenceNumber, type: payloadType, timestamp: rtpTimestamp ?? frame.timestamp, ssrc: synchronizationSource, data: frame.data.slice(0) });
              controller.enqueue(frame);
            },
          }))
          .pipeTo(writable)
          .catch(() => {});
      });
    }
    // With encoded streams on, a sender sends nothing until its frames are passed on.
    addTrack(...given) {
      const sender = super.addTrack(...given);
      pass(sender);
      return sender;
    }
    addTransceiver(...given) {
      const transceiver = super.addTransceiver(...given);
      pass(transceiver.sender);
      return transceiver;
    }
  };
  const passed = new WeakSet();
  function pass(sender) {
    if (passed.has(sender)) return;
    passed.add(sender);
    const { readable, writable } = sender.createEncodedStreams();
    readable.pipeTo(writable).catch(() => {});
  }
  // Echo cancellation and noise suppression take a steady tone for noise; a file needs neither.
  const devices = navigator.mediaDevices;
  if (devices) {
    const plain = devices.getUserMedia.bind(devices);
    devices.getUserMedia = (wanted) => plain(wanted.audio ? { ...wanted, audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false } } : wanted);
  }
}

/** A page with the tap in place; `problems` collects what it complained about. */
export async function openPage(browser, options = {}) {
  const context = await browser.newContext({ permissions: ['microphone'], bypassCSP: true, ...options });
  const page = await context.newPage();
  await page.addInitScript(tap);
  const problems = [];
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  page.on('pageerror', (error) => problems.push(String(error)));
  return { page, context, problems };
}

/** How many audio frames have come in on the newest stream. */
export const received = (page) => page.evaluate(() => window.__taps.at(-1)?.frames.length ?? 0);

/** Waits until the newest stream of the page has at least `count` frames. */
export async function until(page, count, ms = 15_000) {
  await page.waitForFunction((count) => (window.__taps.at(-1)?.frames.length ?? 0) >= count, count, { timeout: ms, polling: 50 }).catch(async () => {
    const state = await page.evaluate(() => [window.__pc?.connectionState, window.__pc?.iceConnectionState]);
    throw new Error(`after ${ms} ms ${await received(page)} of ${count} frames; connection ${state}`);
  });
}

/** What the newest stream brought: sequence numbers that are missing, sources, and the sound as frames of 20 ms at 48 kHz. */
export async function heard(page) {
  const result = await page.evaluate(async () => {
    const frames = window.__taps.at(-1).frames;
    const numbers = [];
    for (const { sequence } of frames) {
      const last = numbers.at(-1) ?? sequence;
      numbers.push(last + (((sequence - last + 0x8000) & 0xffff) - 0x8000));
    }
    const order = frames.map((frame, n) => [numbers[n], frame]).sort((a, b) => a[0] - b[0]);
    const pcm = [];
    let fault = null;
    const decoder = new AudioDecoder({
      output(audio) {
        const samples = new Float32Array(audio.numberOfFrames);
        audio.copyTo(samples, { planeIndex: 0, format: 'f32-planar' });
        pcm.push([...samples]);
        audio.close();
      },
      error: (error) => (fault = String(error)),
    });
    decoder.configure({ codec: 'opus', sampleRate: 48_000, numberOfChannels: 1 });
    let seen = null;
    for (const [number, frame] of order) {
      if (number === seen || !frame.data.byteLength) continue;
      seen = number;
      decoder.decode(new EncodedAudioChunk({ type: 'key', timestamp: (number - order[0][0]) * 20_000, data: frame.data }));
    }
    await decoder.flush();
    const have = new Set(numbers);
    const missing = [];
    for (let n = Math.min(...numbers); n <= Math.max(...numbers); n++) if (!have.has(n)) missing.push(n & 0xffff);
    const stats = [];
    (await window.__pc.getStats()).forEach((entry) => entry.type === 'inbound-rtp' && stats.push({ received: entry.packetsReceived, lost: entry.packetsLost }));
    return { missing, doubled: numbers.length - have.size, sources: [...new Set(frames.map((frame) => frame.ssrc))], count: frames.length, firstAt: frames[0]?.at, frames: pcm, fault, stats };
  });
  if (result.fault) throw new Error(`the page could not decode what it received: ${result.fault}`);
  return result;
}
