// What stacks that hand out bare RTP need of a business: a tone to send, keys, and ears.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import OpusScript from 'opusscript';
import { ROOT } from '../browser/server.mjs';
import { pitch } from '../browser/sound.mjs';

export const TONE_HZ = 440;
const KEYS = '0123456789*#ABCD';

/** A second or two of a tone of 440 Hz, one Opus packet of 20 ms after the other. */
const frames = (() => {
  const bytes = readFileSync(join(ROOT, 'crates', 'audio', 'tests', 'data', 'celt-440hz'));
  const found = [];
  for (let at = 0; at < bytes.length; at += 1 + bytes[at]) found.push(bytes.subarray(at + 1, at + 1 + bytes[at]));
  return found;
})();

/** Payload types by codec name and clock, as a description has them. */
export function payloadTypes(sdp) {
  const types = {};
  for (const [, type, name] of sdp.matchAll(/^a=rtpmap:(\d+) ([\w-]+\/\d+)/gm)) types[name.toLowerCase()] ??= Number(type);
  return types;
}

/** Only what the platform takes: the SHA-256 fingerprint, and telephone-event where the stack names none. */
export function forPlatform(sdp, event) {
  const lines = sdp.split(/\r?\n/).filter((line) => line && (!line.startsWith('a=fingerprint:') || /^a=fingerprint:sha-256 /i.test(line)));
  if (!/telephone-event\/8000/.test(sdp)) {
    const media = lines.findIndex((line) => line.startsWith('m=audio'));
    lines[media] += ` ${event}`;
    lines.push(`a=rtpmap:${event} telephone-event/8000`);
  }
  return lines.join('\r\n') + '\r\n';
}

/** Sends a tone and keys as RTP packets of one source, paced by the clock. */
export class Voice {
  constructor(send, ssrc, types) {
    Object.assign(this, { send, ssrc, types, sequence: 1_000, timestamp: 5_000, sent: 0, pressed: [] });
    const begin = performance.now();
    this.timer = setInterval(() => {
      while (this.sent * 20 < performance.now() - begin) this.frame();
    }, 10);
  }
  packet(type, payload, marker, timestamp) {
    const header = Buffer.alloc(12);
    header[0] = 0x80;
    header[1] = (marker ? 0x80 : 0) | type;
    header.writeUInt16BE(this.sequence++ & 0xffff, 2);
    header.writeUInt32BE(timestamp >>> 0, 4);
    header.writeUInt32BE(this.ssrc, 8);
    this.send(Buffer.concat([header, payload]));
  }
  frame() {
    const key = this.pressed[0];
    if (key) {
      // 100 ms: five packets, the last three of which say that it is over (RFC 4733 §2.5.1).
      key.at ??= this.timestamp;
      key.n = (key.n ?? 0) + 1;
      const event = Buffer.from([KEYS.indexOf(key.key), (key.n > 2 ? 0x80 : 0) | 10, 0, 0]);
      event.writeUInt16BE(160 * key.n, 2);
      this.packet(this.types['telephone-event/8000'], event, key.n === 1, key.at);
      if (key.n === 5) this.pressed.shift();
    } else {
      this.packet(this.types['opus/48000'], frames[this.sent % frames.length], this.sent === 0, this.timestamp);
    }
    this.timestamp += 960;
    this.sent++;
  }
  press(key) {
    this.pressed.push({ key });
  }
  stop() {
    clearInterval(this.timer);
  }
}

/** Listens to RTP packets: how many, which pitch, which keys. */
export class Ear {
  constructor(types) {
    Object.assign(this, { types, packets: [], keys: new Map(), waiting: new Set() });
  }
  hear(packet) {
    const type = packet[1] & 0x7f;
    const extension = packet[0] & 0x10 ? 4 + 4 * packet.readUInt16BE(14 + 4 * (packet[0] & 0x0f)) : 0;
    const payload = packet.subarray(12 + 4 * (packet[0] & 0x0f) + extension);
    if (type === this.types['opus/48000'] && payload.length) this.packets.push({ sequence: packet.readUInt16BE(2), payload: Buffer.from(payload) });
    if (type === this.types['telephone-event/8000'] && payload.length >= 4) this.keys.set(packet.readUInt32BE(4), KEYS[payload[0] & 0x0f]);
    for (const look of this.waiting) look();
  }
  get digits() {
    return [...this.keys.values()].join('');
  }
  /** Pitch of the last second, in Hz. */
  pitch() {
    const decoder = new OpusScript(48_000, 1, OpusScript.Application.VOIP);
    try {
      const samples = [];
      for (const { payload } of this.packets.slice(-60)) {
        const pcm = decoder.decode(payload);
        for (let at = 0; at + 1 < pcm.length; at += 2) samples.push(pcm.readInt16LE(at) / 32_768);
      }
      return pitch(samples.slice(-48_000), 48_000);
    } finally {
      decoder.delete();
    }
  }
  missing() {
    const numbers = this.packets.map((packet) => packet.sequence);
    const there = new Set(numbers);
    return numbers.length ? Array.from({ length: (numbers.at(-1) - numbers[0]) & 0xffff }, (_, n) => (numbers[0] + n) & 0xffff).filter((n) => !there.has(n)) : [];
  }
}
