// Chromium as the business: a page of its own with an oscillator for a voice. Answers and places calls over the public API.
import { PHONE, graph } from './server.mjs';

/** Loads an empty page of the server's origin (decoding sound needs a secure context) and gives it a voice. */
export async function businessVoice(page, base, hz) {
  await page.goto(`${base}/healthz`);
  await page.evaluate(async (hz) => {
    const context = new AudioContext();
    await context.resume();
    const tone = new OscillatorNode(context, { frequency: hz });
    const volume = new GainNode(context, { gain: 0.25 });
    const out = context.createMediaStreamDestination();
    tone.connect(volume).connect(out);
    tone.start();
    window.voice = out.stream.getAudioTracks()[0];
  }, hz);
}

/** The SDP answer to the platform's offer. */
export const answerTo = (page, sdp) =>
  page.evaluate(async (sdp) => {
    const peer = (window.peer = new RTCPeerConnection());
    await peer.setRemoteDescription({ type: 'offer', sdp });
    peer.addTrack(window.voice);
    await peer.setLocalDescription();
    return peer.localDescription.sdp;
  }, sdp);

/** An offer of the business's own. */
export const makeOffer = (page) =>
  page.evaluate(async () => {
    const peer = (window.peer = new RTCPeerConnection());
    peer.addTrack(window.voice);
    await peer.setLocalDescription();
    return peer.localDescription.sdp;
  });

export const takeAnswer = (page, sdp) => page.evaluate((sdp) => window.peer.setRemoteDescription({ type: 'answer', sdp }), sdp);

export const connected = (page) => page.waitForFunction(() => window.peer.connectionState === 'connected', null, { timeout: 10_000 });

export const action = (base, action, call_id, sdp) =>
  graph(base, 'POST', `${PHONE}/calls`, { messaging_product: 'whatsapp', action, call_id, ...(sdp ? { session: { sdp_type: 'answer', sdp } } : {}) });

export async function connect(base, to, sdp) {
  const answer = await graph(base, 'POST', `${PHONE}/calls`, { messaging_product: 'whatsapp', action: 'connect', to, session: { sdp_type: 'offer', sdp } });
  return answer.calls[0].id;
}
