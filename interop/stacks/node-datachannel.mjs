// node-datachannel as the business: libdatachannel (C++, libjuice, libsrtp). Bare RTP goes in and out of its tracks.
import { readFileSync } from 'node:fs';
import nodeDataChannel from 'node-datachannel';
import { Ear, Voice, forPlatform, payloadTypes } from './rtp.mjs';

export const name = 'node-datachannel';
export const { version } = JSON.parse(readFileSync(new URL('./node_modules/node-datachannel/package.json', import.meta.url)));
const SSRC = 77;
const OPUS = 111;
const EVENT = 126;

export function peer(certificate) {
  const pc = new nodeDataChannel.PeerConnection('business', {
    iceServers: [],
    // Loopback is gathered where it is bound to.
    bindAddress: '127.0.0.1',
    ...(certificate ? { certificatePemFile: certificate.certFile, keyPemFile: certificate.keyFile } : {}),
  });
  let ear, voice, types, track;
  const connected = new Promise((resolve) => pc.onStateChange((state) => state === 'connected' && resolve()));
  const gathered = new Promise((resolve) => pc.onGatheringStateChange((state) => state === 'complete' && resolve()));
  const add = (mid, opus) => {
    const audio = new nodeDataChannel.Audio(mid, 'SendRecv');
    audio.addOpusCodec(opus);
    audio.addSSRC(SSRC, 'business', 'business', 'voice');
    track = pc.addTrack(audio);
    track.onMessage((packet) => ear?.hear(Buffer.from(packet)));
  };
  const start = () => {
    ear = new Ear(types);
    voice = new Voice((packet) => track.isOpen() && track.sendMessageBinary(packet), SSRC, types);
  };
  return {
    connected,
    get ear() {
      return ear;
    },
    get voice() {
      return voice;
    },
    async answer(offer) {
      types = payloadTypes(offer);
      add(/^a=mid:(\S+)/m.exec(offer)[1], types['opus/48000']);
      pc.setRemoteDescription(offer, 'offer');
      await gathered;
      connected.then(start);
      return forPlatform(pc.localDescription().sdp, types['telephone-event/8000'] ?? EVENT);
    },
    async offer() {
      add('audio', OPUS);
      pc.setLocalDescription('offer');
      await gathered;
      return forPlatform(pc.localDescription().sdp, EVENT);
    },
    async take(answer) {
      types = payloadTypes(answer);
      pc.setRemoteDescription(answer, 'answer');
      connected.then(start);
    },
    async close() {
      voice?.stop();
      pc.close();
    },
  };
}
