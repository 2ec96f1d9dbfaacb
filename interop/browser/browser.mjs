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

/** Runs in the page before its own scripts: keeps what is sent and received frame by frame, outside of encoders and jitter buffers. */
function tap() {
  const Plain = window.RTCPeerConnection;
  const taps = (window.__taps = []);
  window.RTCPeerConnection = class extends Plain {
    constructor(configuration = {}) {
      super({ ...configuration, encodedInsertableStreams: true });
      const entry = { peer: this, received: [], sent: [] };
      taps.push(entry);
      this.addEventListener('track', ({ receiver, transceiver }) => {
        watch(receiver, entry.received);
        watch(transceiver.sender, entry.sent);
      });
      this.__entry = entry;
    }
    addTrack(...given) {
      const sender = super.addTrack(...given);
      watch(sender, this.__entry.sent);
      return sender;
    }
  };
  // Sockets are kept so that a test can lose one.
  const sockets = (window.__sockets = []);
  window.WebSocket = class extends WebSocket {
    constructor(...given) {
      super(...given);
      sockets.push(this);
    }
  };
  const watched = new WeakSet();
  // With encoded streams on, nothing passes until somebody passes it on.
  function watch(end, frames) {
    if (watched.has(end)) return;
    watched.add(end);
    const { readable, writable } = end.createEncodedStreams();
    const keep = new TransformStream({
      transform(frame, controller) {
        const { sequenceNumber, payloadType, synchronizationSource } = frame.getMetadata();
        frames.push({ at: performance.now(), sequence: sequenceNumber, type: payloadType, ssrc: synchronizationSource, data: frame.data.slice(0) });
        controller.enqueue(frame);
      },
    });
    readable.pipeThrough(keep).pipeTo(writable).catch(() => {});
  }
  // Echo cancellation and noise suppression take a steady tone for noise; a file needs neither.
  const devices = navigator.mediaDevices;
  if (devices) {
    const plain = devices.getUserMedia.bind(devices);
    devices.getUserMedia = (wanted) => plain(wanted.audio ? { ...wanted, audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false } } : wanted);
  }
  /** A frame's fingerprint: enough to see whether the same bytes arrived. */
  window.__print = (data) => {
    const bytes = new Uint8Array(data);
    return bytes.length + ':' + bytes.reduce((hash, byte) => Math.imul(hash ^ byte, 0x01000193) >>> 0, 0x811c9dc5);
  };
}

/** A page with the tap in place; `problems` collects what it complained about. */
export async function openPage(browser, options = {}) {
  const context = await browser.newContext({ permissions: ['microphone'], ...options });
  const page = await context.newPage();
  await page.addInitScript(tap);
  const problems = [];
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  page.on('pageerror', (error) => problems.push(String(error)));
  return { page, context, problems };
}

/** How many audio frames the page's newest connection has received. */
export const received = (page) => page.evaluate(() => window.__taps.at(-1)?.received.length ?? 0);

/** Waits until the newest connection has received at least `count` frames. */
export async function until(page, count, ms = 15_000) {
  await page.waitForFunction((count) => (window.__taps.at(-1)?.received.length ?? 0) >= count, count, { timeout: ms, polling: 50 }).catch(async () => {
    const state = await page.evaluate(() => [window.__taps.at(-1)?.peer.connectionState, window.__taps.at(-1)?.peer.iceConnectionState]);
    throw new Error(`after ${ms} ms ${await received(page)} of ${count} frames; connection ${state}`);
  });
}

/** Fingerprints of the frames that left the newest connection's encoder, in order. */
export const sent = (page) => page.evaluate(() => window.__taps.at(-1).sent.map((frame) => window.__print(frame.data)));

/**
 * What the newest connection brought: sequence numbers that are missing, sources, fingerprints in order, and the sound as frames of
 * 20 ms at 48 kHz. From the `from`-th frame on, if not all is wanted.
 */
export async function heard(page, from = 0) {
  const result = await page.evaluate(async (from) => {
    const { received, peer } = window.__taps.at(-1);
    const frames = received.slice(from);
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
    const prints = [];
    let seen = null;
    for (const [number, frame] of order) {
      if (number === seen || !frame.data.byteLength) continue;
      seen = number;
      prints.push(window.__print(frame.data));
      decoder.decode(new EncodedAudioChunk({ type: 'key', timestamp: (number - order[0][0]) * 20_000, data: frame.data }));
    }
    await decoder.flush();
    const have = new Set(numbers);
    const missing = [];
    for (let n = Math.min(...numbers); n <= Math.max(...numbers); n++) if (!have.has(n)) missing.push(n & 0xffff);
    let lost = null;
    (await peer.getStats()).forEach((entry) => entry.type === 'inbound-rtp' && (lost = entry.packetsLost));
    return { missing, doubled: numbers.length - have.size, sources: [...new Set(frames.map((frame) => frame.ssrc))], frames: pcm, prints, fault, lost };
  }, from);
  if (result.fault) throw new Error(`the page could not decode what it received: ${result.fault}`);
  return result;
}

/** Whether `part` is an unbroken stretch of `whole`: every frame that left arrived, as it was, in its place. */
export function unbroken(whole, part) {
  for (let start = 0; start + part.length <= whole.length; start++) if (part.every((print, n) => print === whole[start + n])) return true;
  return false;
}
