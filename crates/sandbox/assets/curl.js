// A request or a webhook as a curl command that does it again.

/**
 * A word for a POSIX shell.
 * @param {string} text
 */
export const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

/**
 * @typedef {{ origin: string, token: string, appToken: string }} Sandbox
 * @typedef {{ command: string, note: string | null }} Curl
 */

/** Headers that a request means something by; curl makes the others itself. */
const MEANT = ['content-type', 'ahoy-fault', 'x-hub-signature', 'x-hub-signature-256'];

/**
 * @param {import('./types.js').Message} message
 * @returns {{ words: string[], note: string | null }}
 */
function body({ body, body_bytes, body_cut }) {
  if (body_bytes === 0) return { words: [], note: null };
  if (body === null || body_cut) {
    return { words: ['--data-binary @body'], note: `The body (${body_bytes} bytes) is not kept as a whole: put it into a file named “body”.` };
  }
  return { words: [`--data-raw ${quoted(body)}`], note: body.includes('***') ? 'What was secret is *** here: put it in.' : null };
}

/**
 * @param {import('./types.js').Message} request
 * @param {string} method
 * @param {string} url
 * @param {string[]} more
 * @returns {Curl}
 */
function command(request, method, url, more) {
  const { words, note } = body(request);
  const headers = Object.entries(request.headers).filter(([name]) => MEANT.includes(name));
  const lines = [`curl ${method === 'GET' ? '' : method === 'HEAD' ? '--head ' : `-X ${method} `}${quoted(url)}`, ...more];
  for (const [name, value] of headers) lines.push(`-H ${quoted(`${name}: ${value}`)}`);
  // Without this curl calls every body a form.
  if (words.length > 0 && !headers.some(([name]) => name === 'content-type')) lines.push("-H 'content-type:'");
  return { command: [...lines, ...words].join(' \\\n  '), note: url.includes('***') ? 'What was secret is *** here: put it in.' : note };
}

/**
 * The command for an entry; nothing for what is no request, or not yet sent.
 * @param {import('./types.js').Entry} entry
 * @param {Sandbox} sandbox
 * @returns {Curl | null}
 */
export function curlOf(entry, sandbox) {
  if (entry.kind === 'webhook') {
    /** @type {import('./types.js').Attempt} */
    const attempt = entry.what;
    if (attempt.phase !== 'ended' || !attempt.url) return null;
    return command(attempt.request, 'POST', attempt.url, []);
  }
  if (entry.kind !== 'api' && entry.kind !== 'sandbox' && entry.kind !== 'admin') return null;
  /** @type {import('./types.js').Exchange} */
  const exchange = entry.what;
  const known = { seeded: sandbox.token, seeded_app: sandbox.appToken };
  const more = [];
  if ('authorization' in exchange.request.headers) {
    const token = exchange.credential && known[exchange.credential];
    more.push(token ? `-H ${quoted(`Authorization: Bearer ${token}`)}` : '-H "Authorization: Bearer $TOKEN"');
  }
  return command(exchange.request, exchange.method, sandbox.origin + exchange.path, more);
}
