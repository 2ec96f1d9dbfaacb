// Foreign WebRTC stacks as the business, in both directions: the pitch each side hears, keys both ways, hang-up by either side, RSA certificates.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { PHONE, ROOT, graph, receiver, sandbox, startServer, within } from '../browser/server.mjs';
import * as nodeDataChannel from './node-datachannel.mjs';
import { TONE_HZ } from './rtp.mjs';
import * as webrtcbin from './webrtcbin.mjs';
import * as werift from './werift.mjs';
import * as wrtc from './wrtc.mjs';

const USER_HZ = 660;
const ON_LOOPBACK = [werift, nodeDataChannel, webrtcbin];
const ELSEWHERE = [wrtc];
const STACKS = process.env.AHOY_MEDIA_IP ? ELSEWHERE : ON_LOOPBACK;

let server, hooks, folder, rsa;
let users = 447700900400;

before(async () => {
  server = await startServer();
  hooks = await receiver(server.base);
  folder = mkdtempSync(join(tmpdir(), 'ahoy-stacks-'));
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', keyFile, '-out', certFile, '-days', '2', '-subj', '/CN=business'], { stdio: 'ignore' });
  rsa = { certFile, keyFile, certPem: readFileSync(certFile, 'utf8'), keyPem: readFileSync(keyFile, 'utf8'), signatureHash: { hash: 4, signature: 1 } };
});
after(async () => {
  await hooks?.close();
  assert.equal(await server?.stop(), 0);
  assert.deepEqual(hooks.faults, []);
  if (folder) rmSync(folder, { recursive: true });
});

async function user() {
  const wa_id = String(users++);
  await sandbox(server.base, 'POST', '/users', { wa_id, behaviour: { audio: { tone_hz: USER_HZ } } });
  await sandbox(server.base, 'POST', `/users/${wa_id}/permission`, { phone_number_id: PHONE, response: 'accept' });
  return wa_id;
}
const act = (call_id, action, sdp) => graph(server.base, 'POST', `${PHONE}/calls`, { messaging_product: 'whatsapp', action, call_id, ...(sdp ? { session: { sdp_type: 'answer', sdp } } : {}) });

/** Looks again each time a packet came, until there is what is wanted. */
async function until(ear, missing) {
  const wait = new Promise((resolve) => {
    const look = () => missing() === undefined && resolve();
    ear.waiting.add(look);
    look();
  });
  await within(wait, 20_000, missing);
}

/** Looks at the user's call until it is as wanted; the user's packets set the pace. */
async function heardBy(who, call, ear, wanted) {
  for (let n = 0; n < 200; n++) {
    const found = await sandbox(server.base, 'GET', `/users/${who}/calls/${call}`);
    if (wanted(found)) return found;
    const count = ear.packets.length;
    await until(ear, () => (ear.packets.length > count ? undefined : 'a packet of the user'));
  }
  throw new Error(`the call is still ${JSON.stringify(await sandbox(server.base, 'GET', `/users/${who}/calls/${call}`))}`);
}

async function assertTalk(who, call, peer, keys = true) {
  await within(peer.connected, 15_000, 'ICE and DTLS');
  if (peer.certificate) assert.equal(new X509Certificate(await peer.certificate).publicKey.asymmetricKeyType, 'rsa');
  await until(peer.ear, () => (peer.ear.packets.length >= 100 ? undefined : `100 packets of the user; ${peer.ear.packets.length} came`));
  const found = peer.ear.pitch();
  assert.ok(found && Math.abs(found - USER_HZ) <= USER_HZ / 100, `the business heard ${found} Hz`);
  assert.deepEqual(peer.ear.missing(), []);
  const { heard } = await heardBy(who, call, peer.ear, (call) => call.heard?.audio_ms >= 1_000);
  assert.ok(Math.abs(heard.tone_hz - TONE_HZ) <= TONE_HZ / 100, `the user heard ${heard.tone_hz} Hz`);
  assert.equal(heard.lost, 0);
  if (!keys) return;
  for (const key of '5#') peer.voice.press(key);
  await heardBy(who, call, peer.ear, (call) => call.heard.digits === '5#');
  await sandbox(server.base, 'POST', `/users/${who}/calls/${call}/dtmf`, { digits: '7*' });
  await until(peer.ear, () => (peer.ear.digits === '7*' ? undefined : `keys 7*; there is ${peer.ear.digits}`));
}

for (const stack of STACKS) {
  const keys = stack.keys === false ? '' : ' and each other’s keys';
  describe(`${stack.name} as the business`, { timeout: 120_000 }, () => {
    it(`answers a user, both hear each other${keys}, and the business hangs up`, async () => {
      const who = await user();
      const { id } = await sandbox(server.base, 'POST', `/users/${who}/calls`, { to: PHONE });
      const { session } = await hooks.next('connect', id);
      const peer = stack.peer();
      try {
        const sdp = await peer.answer(session.sdp);
        await act(id, 'pre_accept', sdp);
        await act(id, 'accept', sdp);
        await assertTalk(who, id, peer, stack.keys);
        await act(id, 'terminate');
        assert.equal((await hooks.next('terminate', id)).status, 'COMPLETED');
      } finally {
        await peer.close();
      }
    });

    it(`calls a user, both hear each other${keys}, and the user hangs up`, async () => {
      const who = await user();
      const peer = stack.peer();
      try {
        const sdp = await peer.offer();
        const placed = await graph(server.base, 'POST', `${PHONE}/calls`, { messaging_product: 'whatsapp', action: 'connect', to: who, session: { sdp_type: 'offer', sdp } });
        const id = placed.calls[0].id;
        const { session } = await hooks.next('connect', id);
        await peer.take(session.sdp);
        await assertTalk(who, id, peer, stack.keys);
        await sandbox(server.base, 'POST', `/users/${who}/calls/${id}/hang_up`, {});
        assert.equal((await hooks.next('terminate', id)).status, 'COMPLETED');
      } finally {
        await peer.close();
      }
    });

    // A stack whose own certificate is RSA has shown it in the tests above.
    it('is heard with an RSA certificate', { skip: stack.ownRsa || stack.takesRsa === false }, async () => {
      const who = await user();
      const { id } = await sandbox(server.base, 'POST', `/users/${who}/calls`, { to: PHONE });
      const { session } = await hooks.next('connect', id);
      const peer = stack.peer(rsa);
      try {
        await act(id, 'accept', await peer.answer(session.sdp));
        await assertTalk(who, id, peer, stack.keys);
        await act(id, 'terminate');
        await hooks.next('terminate', id);
      } finally {
        await peer.close();
      }
    });
  });
}

it('the page of stacks names each of them with its version', () => {
  const rows = readFileSync(join(ROOT, 'docs', 'stacks.md'), 'utf8').match(/^\| \S.* \|$/gm) ?? [];
  for (const { name, version } of [...ON_LOOPBACK, ...ELSEWHERE]) assert.ok(rows.some((row) => row.startsWith(`| ${name} ${version} |`)), `${name} ${version} has no row`);
});
