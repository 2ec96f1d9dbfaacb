// werift as the business: WebRTC in TypeScript. It gathers no loopback address by itself, and bare RTP goes in and out of it.
import { readFileSync } from 'node:fs';
import { MediaStreamTrack, RTCPeerConnection, RTCRtpCodecParameters, RtpPacket } from 'werift';
import { Ear, Voice, forPlatform, payloadTypes } from './rtp.mjs';

export const name = 'werift';
export const { version } = JSON.parse(readFileSync(new URL('./node_modules/werift/package.json', import.meta.url)));
const EVENT = 126;

export function peer(certificate) {
  const pc = new RTCPeerConnection({
    iceServers: [],
    iceAdditionalHostAddresses: ['127.0.0.1'],
    iceUseIpv6: false,
    codecs: { audio: [new RTCRtpCodecParameters({ mimeType: 'audio/opus', clockRate: 48_000, channels: 2 })] },
    dtls: certificate ? { keys: certificate } : {},
  });
  const track = new MediaStreamTrack({ kind: 'audio' });
  let ear, voice, types;
  const connected = new Promise((resolve) => pc.connectionStateChange.subscribe((state) => state === 'connected' && resolve()));
  const start = () => {
    ear = new Ear(types);
    const [{ sender }] = pc.getTransceivers();
    // A track gives its codec's packets alone: keys are heard at the transport too.
    sender.dtlsTransport.onRtp.subscribe((packet) => ear.hear(Buffer.from(packet.serialize())));
    // Past the track, whose codec is Opus and which would send keys under its number: by the transport itself, as the track's source.
    voice = new Voice((bytes) => {
      const packet = RtpPacket.deSerialize(bytes);
      packet.header.ssrc = sender.ssrc;
      sender.dtlsTransport.sendRtp(packet.payload, packet.header);
    }, 1, types);
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
      pc.addTransceiver(track, { direction: 'sendrecv' });
      await pc.setRemoteDescription({ type: 'offer', sdp: offer });
      await pc.setLocalDescription(await pc.createAnswer());
      types = payloadTypes(offer);
      connected.then(start);
      return forPlatform(pc.localDescription.sdp, types['telephone-event/8000'] ?? EVENT);
    },
    async offer() {
      pc.addTransceiver(track, { direction: 'sendrecv' });
      await pc.setLocalDescription(await pc.createOffer());
      return forPlatform(pc.localDescription.sdp, EVENT);
    },
    async take(answer) {
      types = payloadTypes(answer);
      await pc.setRemoteDescription({ type: 'answer', sdp: answer });
      connected.then(start);
    },
    async close() {
      voice?.stop();
      await pc.close();
    },
  };
}
