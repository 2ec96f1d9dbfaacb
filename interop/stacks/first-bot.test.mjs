// docs/first-bot.md as a reader uses it: its Node program is copied into a file and run beside an installed werift.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { PHONE, ROOT, sandbox, startServer, within } from '../browser/server.mjs';

const [USER, HZ] = ['447700900480', 660];
const page = readFileSync(join(ROOT, 'docs', 'first-bot.md'), 'utf8');
const blocks = (language) => [...page.matchAll(new RegExp('^```' + language + '\\n([^]*?)^```$', 'gm'))].map(([, text]) => text);

let server, folder;
before(async () => {
  server = await startServer();
  folder = mkdtempSync(join(tmpdir(), 'ahoy-first-bot-'));
  symlinkSync(fileURLToPath(new URL('node_modules', import.meta.url)), join(folder, 'node_modules'));
  const programs = blocks('js');
  assert.equal(programs.length, 1);
  writeFileSync(join(folder, 'first-bot.mjs'), programs[0]);
  await sandbox(server.base, 'POST', '/users', { wa_id: USER, behaviour: { audio: { tone_hz: HZ } } });
  await sandbox(server.base, 'POST', `/users/${USER}/permission`, { phone_number_id: PHONE, response: 'accept' });
});
after(async () => {
  assert.equal(await server?.stop(), 0);
  if (folder) rmSync(folder, { recursive: true });
});

async function freePort() {
  const taken = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => taken.once('listening', resolve));
  const { port } = taken.address();
  await new Promise((resolve) => taken.close(resolve));
  return port;
}

/** Runs the program; answers when its webhook is the app's. */
async function aBot(args = [], environment = {}) {
  const port = await freePort();
  const child = spawn(process.execPath, ['first-bot.mjs', ...args], { cwd: folder, env: { ...process.env, AHOY: server.base, PORT: String(port), ...environment } });
  process.once('exit', () => child.kill('SIGKILL'));
  const said = [];
  child.stderr.setEncoding('utf8').on('data', (text) => said.push(text));
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const subscribed = new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      said.push(line + '\n');
      if (line.includes('/subscriptions')) resolve();
    });
    exited.then((status) => reject(new Error(`the bot ended with ${status}: ${said.join('')}`)));
  });
  await within(subscribed, 30_000, () => `the bot's subscription: ${said.join('')}`);
  return {
    hook: `http://127.0.0.1:${port}/webhook`,
    async stop() {
      child.kill();
      await exited;
      assert.doesNotMatch(said.join(''), /Error/);
    },
  };
}

/** Asks until `missing` finds nothing missing in the user's call (it can only be asked for). */
async function until(look, missing) {
  for (const deadline = performance.now() + 20_000; ; await new Promise((wake) => setTimeout(wake, 50))) {
    const seen = await look();
    const lacks = missing(seen);
    if (!lacks) return seen;
    if (performance.now() > deadline) throw new Error(`after 20 s: ${lacks}: ${JSON.stringify(seen)}`);
  }
}
const callOf = (id) => sandbox(server.base, 'GET', `/users/${USER}/calls/${id}`);
const echoed = ({ heard }) => (heard?.audio_ms >= 1_000 && Math.abs(heard.tone_hz - HZ) <= HZ / 100 ? undefined : `the user does not hear ${HZ} Hz from the bot`);
const over = ({ state }) => (state === 'ended' ? undefined : 'the call goes on');

/** Requests and webhooks of a call, as they were sent. */
async function wire(id) {
  const { data } = await sandbox(server.base, 'GET', `/timeline?call=${id}&kind=api,webhook&limit=500`);
  return data.filter(({ kind, what }) => kind === 'api' || what.phase === 'ended').map(({ what }) => JSON.parse(what.request.body));
}

async function assertWire(id, wanted) {
  const bodies = await until(
    () => wire(id),
    (bodies) => (bodies.some((body) => name(body).startsWith('terminate webhook')) ? undefined : 'webhook terminate'),
  );
  assert.deepEqual([...new Set(bodies.map(name))].sort(), wanted.sort());
  // That the page shows nothing else is the Python bot's test.
  const shown = new Map(blocks('json').map(JSON.parse).map((body) => [name(body), shape(body)]));
  for (const body of bodies) if (shown.has(name(body))) assert.deepEqual(shape(body), shown.get(name(body)), name(body));
}
function name(body) {
  const value = body.entry?.[0].changes[0].value;
  const item = value && (value.calls ?? value.statuses)[0];
  return value ? `${item.event ?? 'status'} webhook ${item.direction ?? ''}`.trim() : (body.action ?? `answer${body.calls ? ' to connect' : ''}`);
}
function shape(body, at = '') {
  if (typeof body !== 'object') return { [at]: typeof body };
  return Object.assign({ [at]: Array.isArray(body) }, ...Object.entries(body).map(([key, value]) => shape(value, `${at}/${key}`)));
}

test('the bot answers, is heard and hears, and lets no webhook in that is not signed', { timeout: 60_000 }, async () => {
  const bot = await aBot();
  try {
    const { id } = await sandbox(server.base, 'POST', `/users/${USER}/calls`, { to: PHONE });
    await until(() => callOf(id), echoed);
    await sandbox(server.base, 'POST', `/users/${USER}/calls/${id}/hang_up`);
    const { media } = await until(() => callOf(id), over);
    assert.match(media.verdict, /^Both sides heard each other\./);
    await assertWire(id, ['connect webhook USER_INITIATED', 'pre_accept', 'accept', 'terminate webhook USER_INITIATED']);
    // A terminate that overtakes its connect: the bot takes no call that is over.
    await sandbox(server.base, 'PUT', '/faults', { webhooks: { reorder: true, event: 'connect' } });
    const short = await sandbox(server.base, 'POST', `/users/${USER}/calls`, { to: PHONE });
    await sandbox(server.base, 'POST', `/users/${USER}/calls/${short.id}/hang_up`);
    await until(() => wire(short.id), (bodies) => (bodies.length >= 2 ? undefined : 'both webhooks'));
    await sandbox(server.base, 'DELETE', '/faults');
    const next = await sandbox(server.base, 'POST', `/users/${USER}/calls`, { to: PHONE }); // what the bot does about the first it begins before this
    await until(() => callOf(next.id), echoed);
    await sandbox(server.base, 'POST', `/users/${USER}/calls/${next.id}/hang_up`);
    assert.deepEqual((await wire(short.id)).map(name).sort(), ['connect webhook USER_INITIATED', 'terminate webhook USER_INITIATED']);
    for (const headers of [{}, { 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` }]) {
      assert.equal((await fetch(bot.hook, { method: 'POST', body: '{}', headers })).status, 401);
    }
    assert.equal((await fetch(`${bot.hook}?hub.mode=subscribe&hub.verify_token=wrong&hub.challenge=1`)).status, 403);
  } finally {
    await bot.stop();
  }
});

test('the bot calls, is heard and hears, and hangs up', { timeout: 60_000 }, async () => {
  const bot = await aBot([USER], { LONGEST_SECONDS: '3' });
  try {
    const calls = await until(() => sandbox(server.base, 'GET', `/users/${USER}/calls`), ({ data }) => (data.some((call) => call.direction === 'BUSINESS_INITIATED') ? undefined : "the bot's call"));
    const { id } = calls.data.find((call) => call.direction === 'BUSINESS_INITIATED');
    await until(() => callOf(id), echoed);
    const { media } = await until(() => callOf(id), over);
    assert.match(media.verdict, /^Both sides heard each other\./);
    await assertWire(id, ['connect', 'connect webhook BUSINESS_INITIATED', 'status webhook', 'terminate', 'terminate webhook BUSINESS_INITIATED']);
  } finally {
    await bot.stop();
  }
});
