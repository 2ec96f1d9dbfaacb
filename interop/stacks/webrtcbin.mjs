// GStreamer's webrtcbin as the business, in a process of its own: its bare RTP comes in, what it shall do goes out.
import { execFileSync, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Ear, TONE_HZ, forPlatform, payloadTypes } from './rtp.mjs';

// Debian's bindings are those of its own Python, whatever else is on the PATH.
const PYTHON = process.env.AHOY_SYSTEM_PYTHON ?? '/usr/bin/python3';
const EVENT = 126;

export const name = 'webrtcbin';
export const version = execFileSync(PYTHON, ['-c', "import gi; gi.require_version('Gst', '1.0'); from gi.repository import Gst; Gst.init(None); print('.'.join(map(str, Gst.version())))"], { encoding: 'utf8' })
  .trim()
  .replace(/\.0$/, '');
/** It makes an RSA certificate by itself and takes no other. */
export const ownRsa = true;

export function peer() {
  const child = spawn(PYTHON, [fileURLToPath(new URL('webrtcbin.py', import.meta.url)), String(TONE_HZ)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const tell = (what) => child.stdin.write(JSON.stringify(what) + '\n');
  const gone = new Promise((resolve) => child.on('exit', resolve));
  let ear, described, connect, certify;
  const sdp = new Promise((resolve) => (described = resolve));
  const connected = new Promise((resolve) => (connect = resolve));
  const certificate = new Promise((resolve) => (certify = resolve));
  createInterface({ input: child.stdout }).on('line', (line) => {
    const said = JSON.parse(line);
    if (said.sdp) described(said.sdp);
    if (said.certificate) certify(said.certificate);
    if (said.state === 'connected') connect();
    if (said.rtp) ear?.hear(Buffer.from(said.rtp, 'base64'));
    if (said.error) console.error(`webrtcbin: ${said.error}`);
  });
  return {
    connected,
    certificate,
    get ear() {
      return ear;
    },
    voice: { press: (key) => tell({ press: key }) },
    async answer(offer) {
      const types = payloadTypes(offer);
      ear = new Ear(types);
      tell({ answer: offer });
      return forPlatform(await sdp, types['telephone-event/8000'] ?? EVENT);
    },
    async offer() {
      tell({ offer: true });
      return forPlatform(await sdp, EVENT);
    },
    async take(answer) {
      ear = new Ear(payloadTypes(answer));
      tell({ take: answer });
    },
    async close() {
      child.stdin.end();
      await gone;
    },
  };
}
