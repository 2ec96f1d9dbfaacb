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

/** From here on the page's connections show an RSA certificate instead of the browser's own kind. */
export const rsaCertificate = (page) =>
  page.evaluate(async () => {
    const kind = { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' };
    window.certificates = [await RTCPeerConnection.generateCertificate(kind)];
  });

/** The SDP answer to the platform's offer, with this role in DTLS: `active` is the client. */
export const answerTo = (page, sdp, setup = 'active') =>
  page.evaluate(async ([sdp, setup]) => {
    const peer = (window.peer = new RTCPeerConnection({ certificates: window.certificates }));
    await peer.setRemoteDescription({ type: 'offer', sdp });
    peer.addTrack(window.voice);
    const answer = await peer.createAnswer();
    await peer.setLocalDescription({ type: 'answer', sdp: answer.sdp.replace(/a=setup:active/g, `a=setup:${setup}`) });
    return peer.localDescription.sdp;
  }, [sdp, setup]);

/** An offer of the business's own. */
export const makeOffer = (page) =>
  page.evaluate(async () => {
    const peer = (window.peer = new RTCPeerConnection({ certificates: window.certificates }));
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
