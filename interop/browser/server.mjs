// A real server for the browser to visit, and a business that is nothing but a webhook receiver and an HTTP client.
import { spawn } from 'node:child_process';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { mkdtempSync, existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const PHONE = '710000000000001';
export const APP = '900100200300';
export const WABA = '720000000000001';
const [TOKEN, SECRET, VERIFY] = ['ahoy-dev-token', 'ahoy-dev-secret', 'interop-verify'];

/** Rejects after `ms` with what was still missing. */
export function within(promise, ms, missing) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`after ${ms} ms still missing: ${typeof missing === 'function' ? missing() : missing}`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** `ahoy dev` with its sample agent, on free loopback ports. */
export async function startServer() {
  const binary = process.env.AHOY_BIN ?? join(ROOT, 'target', 'release', 'ahoy');
  if (!existsSync(binary)) throw new Error(`${binary} is missing: cargo build --release -p ahoy`);
  const data = mkdtempSync(join(tmpdir(), 'ahoy-browser-'));
  // Where loopback will not do for media: see interop/stacks/in-a-network-of-its-own.
  const media = process.env.AHOY_MEDIA_IP ? ['--media-ip', process.env.AHOY_MEDIA_IP] : [];
  const child = spawn(binary, ['dev', '--listen', '127.0.0.1:0', '--data', data, '--json', ...media], { stdio: ['ignore', 'pipe', 'pipe'] });
  const log = [];
  child.stderr.setEncoding('utf8').on('data', (text) => log.push(text) > 2000 && log.shift());
  process.once('exit', () => child.kill('SIGKILL'));
  const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)));
  const lines = createInterface({ input: child.stdout });
  const banner = new Promise((resolve, reject) => {
    lines.on('line', (line) => {
      try {
        const json = JSON.parse(line);
        if (json.url) resolve(json);
      } catch {
        log.push(line + '\n');
      }
    });
    ended.then((status) => reject(new Error(`the server ended with ${status}:\n${log.join('')}`)));
  });
  const { url } = await within(banner, 30_000, () => `the banner of ${binary}; its log:\n${log.join('')}`);
  const base = url.replace(/\/$/, '');
  return {
    base,
    log: () => log.join(''),
    async stop() {
      child.kill('SIGTERM');
      return within(ended, 10_000, 'the end of the server after SIGTERM');
    },
  };
}

/** JSON over HTTP; throws on any status of 400 and up, with the body. */
export async function json(method, url, body, headers = {}) {
  const answer = await fetch(url, { method, headers: { 'content-type': 'application/json', ...headers }, body: body === undefined ? undefined : JSON.stringify(body) });
  const content = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(`${method} ${url}: ${answer.status} ${JSON.stringify(content)}`), { status: answer.status, content });
  return content;
}

export const sandbox = (base, method, path, body) => json(method, `${base}/sandbox/v1${path}`, body);

/** The public API with the seeded token. */
export const graph = (base, method, path, body) => json(method, `${base}/v25.0/${path}`, body, { authorization: `Bearer ${TOKEN}` });

/** A webhook receiver that is the app's callback until it is closed; `next(kind)` waits for a webhook of a kind. */
export async function receiver(base) {
  const events = [];
  const waiting = new Set();
  const faults = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url, 'http://localhost');
    if (request.method === 'GET') {
      const known = url.searchParams.get('hub.verify_token') === VERIFY;
      response.writeHead(known ? 200 : 403).end(known ? url.searchParams.get('hub.challenge') : '');
      return;
    }
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => {
      const raw = Buffer.concat(parts);
      const expected = Buffer.from('sha256=' + createHmac('sha256', SECRET).update(raw).digest('hex'));
      const given = Buffer.from(request.headers['x-hub-signature-256'] ?? '');
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) faults.push(`bad signature ${given}`);
      const value = JSON.parse(raw).entry[0].changes[0].value;
      const item = (value.calls ?? value.statuses ?? value.messages)[0];
      events.push({ kind: item.event ?? item.status ?? item.type, item });
      for (const look of waiting) look();
      response.writeHead(200).end();
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const callback_url = `http://127.0.0.1:${server.address().port}/`;
  await json('POST', `${base}/v25.0/${APP}/subscriptions`, { object: 'whatsapp_business_account', callback_url, verify_token: VERIFY, fields: 'calls,messages' }, { authorization: `Bearer ${APP}|${SECRET}` });
  return {
    events,
    faults,
    next(kind, id, ms = 10_000) {
      let look;
      const found = new Promise((resolve) => {
        look = () => {
          const event = events.find((event) => event.kind === kind && (!id || event.item.id === id));
          if (event) resolve(event.item);
        };
        waiting.add(look);
        look();
      });
      return within(found, ms, () => `webhook ${kind}; arrived: ${events.map((event) => event.kind).join(', ') || 'nothing'}`).finally(() => waiting.delete(look));
    },
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
