// @roamhq/wrtc as the business: libwebrtc as node-webrtc binds it. Sound goes in and out as PCM, so keys are out of reach: it has no DTMF sender, and a key
// that comes is not in the sound.
import { readFileSync } from 'node:fs';
import wrtc from '@roamhq/wrtc';
import { pitch } from '../browser/sound.mjs';
import { TONE_HZ, forPlatform } from './rtp.mjs';

export const name = '@roamhq/wrtc';
export const { version } = JSON.parse(readFileSync(new URL('./node_modules/@roamhq/wrtc/package.json', import.meta.url)));
export const keys = false;
/** Its certificate is of P-256; there is no `generateCertificate`. */
export const takesRsa = false;
const RATE = 48_000;
const FRAME = RATE / 100;

/** Listens to sound: how many frames of 10 ms, which pitch. */
class PcmEar {
  constructor() {
    Object.assign(this, { packets: [], waiting: new Set() });
  }
  hear({ samples, sampleRate, channelCount }) {
    const mono = Array.from({ length: samples.length / channelCount }, (_, n) => samples[n * channelCount] / 32_768);
    this.packets.push({ mono, sampleRate });
    for (const look of this.waiting) look();
  }
  pitch() {
    const last = this.packets.slice(-50);
    return pitch(last.flatMap(({ mono }) => mono), last[0].sampleRate);
  }
  missing() {
    return [];
  }
}

export function peer() {
  const pc = new wrtc.RTCPeerConnection({ iceServers: [] });
  const ear = new PcmEar();
  const source = new wrtc.nonstandard.RTCAudioSource();
  pc.addTrack(source.createTrack());
  const connected = new Promise((resolve) => pc.addEventListener('connectionstatechange', () => pc.connectionState === 'connected' && resolve()));
  const gathered = new Promise((resolve) => pc.addEventListener('icegatheringstatechange', () => pc.iceGatheringState === 'complete' && resolve()));
  let sink, timer;
  pc.addEventListener('track', ({ track }) => {
    sink = new wrtc.nonstandard.RTCAudioSink(track);
    sink.ondata = (data) => ear.hear(data);
  });
  connected.then(() => {
    let sent = 0;
    const begin = performance.now();
    timer = setInterval(() => {
      for (; sent * 10 < performance.now() - begin; sent++) {
        const samples = Int16Array.from({ length: FRAME }, (_, n) => Math.round(8_000 * Math.sin((2 * Math.PI * TONE_HZ * (sent * FRAME + n)) / RATE)));
        source.onData({ samples, sampleRate: RATE, bitsPerSample: 16, channelCount: 1, numberOfFrames: FRAME });
      }
    }, 10);
  });
  const described = async () => {
    await gathered;
    return forPlatform(pc.localDescription.sdp, 126);
  };
  return {
    connected,
    ear,
    async answer(offer) {
      await pc.setRemoteDescription({ type: 'offer', sdp: offer });
      await pc.setLocalDescription(await pc.createAnswer());
      return described();
    },
    async offer() {
      await pc.setLocalDescription(await pc.createOffer());
      return described();
    },
    async take(answer) {
      await pc.setRemoteDescription({ type: 'answer', sdp: answer });
    },
    async close() {
      clearInterval(timer);
      sink?.stop();
      pc.close();
    },
  };
}
