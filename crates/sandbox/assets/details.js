// What is inside an entry: both bodies, headers, and what can be done with it.

import { curlOf } from './curl.js';
import { el, find } from './dom.js';

/** @typedef {import('./types.js').Entry} Entry @typedef {import('./types.js').Message} Message */

/** @param {string} text */
function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** @param {{ [name: string]: string }} headers */
function headerList(headers) {
  const list = el('dl', { class: 'headers' });
  for (const [name, value] of Object.entries(headers)) list.append(el('div', {}, el('dt', {}, name), el('dd', {}, value)));
  return list;
}

/**
 * @param {string} title
 * @param {Message} message
 */
function message(title, message) {
  const section = el('section', { class: 'message', 'aria-label': title }, el('h3', {}, title));
  const count = Object.keys(message.headers).length;
  if (count > 0) section.append(el('details', { class: 'more' }, el('summary', {}, `${count} ${count === 1 ? 'header' : 'headers'}`), headerList(message.headers)));
  const { body, body_bytes: bytes, body_cut: cut } = message;
  if (body === null) section.append(el('p', { class: 'quiet' }, bytes > 0 ? `${bytes} bytes that are no text, or too many to keep.` : 'A body that is not kept.'));
  else if (body === '') section.append(el('p', { class: 'quiet' }, 'No body.'));
  else {
    const tidy = pretty(body);
    const text = el('pre', { tabindex: '0', 'aria-label': `${title}, body` }, tidy);
    section.append(text);
    if (cut) section.append(el('p', { class: 'quiet' }, `The beginning of ${bytes} bytes.`));
    if (tidy !== body) {
      const toggle = el('button', { type: 'button', class: 'plain small', 'aria-pressed': 'false', onclick: () => {
        const raw = toggle.getAttribute('aria-pressed') !== 'true';
        toggle.setAttribute('aria-pressed', String(raw));
        text.textContent = raw ? body : tidy;
      } }, 'Raw bytes');
      section.append(toggle);
    }
  }
  return section;
}

/**
 * @param {string} text
 * @param {HTMLElement} said
 */
async function copy(text, said) {
  try {
    await navigator.clipboard.writeText(text);
    said.textContent = 'Copied.';
  } catch {
    // No clipboard without a secure origin: the text can still be taken by hand.
    const area = find('copy-text', HTMLTextAreaElement);
    area.value = text;
    find('copy', HTMLDialogElement).showModal();
    area.select();
  }
}

/**
 * @param {string} delivery
 * @param {HTMLButtonElement} button
 * @param {HTMLElement} said
 */
async function replay(delivery, button, said) {
  button.disabled = true;
  said.textContent = 'Sending once more …';
  try {
    const response = await fetch(`/sandbox/v1/deliveries/${delivery}/replay`, { method: 'POST' });
    const answer = await response.json();
    if (!response.ok) said.textContent = answer.error.message;
    else {
      const { number, status, note, took_ms: took } = answer.replayed;
      said.textContent = status ? `Attempt ${number}: answered ${status} in ${took.toFixed(1)} ms.` : `Attempt ${number}: ${note}`;
    }
  } catch {
    said.textContent = 'The server does not answer.';
  }
  button.disabled = false;
  button.focus();
}

/** @param {import('./types.js').Leg} leg */
function leg(leg) {
  const figures = leg.local
    ? `${leg.received} packets sent from inside the server`
    : `${leg.received} packets received, ${leg.lost} lost, ${leg.before_accept} before accept, ${leg.sent} sent, jitter ${leg.jitter_ms.toFixed(1)} ms`;
  return el('li', {}, el('strong', {}, `The ${leg.side}: `), figures);
}

/**
 * The inside of an entry.
 * @param {Entry} entry
 * @param {import('./curl.js').Sandbox} sandbox
 */
export function details(entry, sandbox) {
  const { what, kind } = entry;
  const inside = el('div', { class: 'inside' });
  const said = el('p', { class: 'said', role: 'status' });
  const acts = el('div', { class: 'acts' });
  if (kind === 'webhook') {
    acts.append(el('button', { type: 'button', class: 'plain', disabled: what.phase !== 'ended', onclick: (/** @type {Event} */ event) => {
      if (event.currentTarget instanceof HTMLButtonElement) void replay(what.delivery_id, event.currentTarget, said);
    } }, 'Replay this webhook'));
  }
  const curl = curlOf(entry, sandbox);
  if (curl) {
    acts.append(el('button', { type: 'button', class: 'plain', onclick: () => void copy(curl.command, said) }, 'Copy as curl'));
    if (curl.note) said.textContent = curl.note;
  }
  if (acts.childElementCount > 0) inside.append(acts, said);
  const facts = el('p', { class: 'quiet' });
  if (kind === 'webhook') {
    facts.append(`Delivery ${what.delivery_id}${what.attempt ? `, attempt ${what.attempt}` : ''}${what.replay ? ', asked for' : ''}, field ${what.field}, to ${what.url || 'nowhere'}${what.state ? `, ${what.state}` : ''}.`);
    inside.append(facts, message('Sent', what.request));
    if (what.answer) inside.append(message('Answer', what.answer));
    else if (what.note) inside.append(el('p', { class: 'fault' }, what.note));
  } else if (kind === 'api' || kind === 'sandbox' || kind === 'admin') {
    facts.append(`${what.method} ${what.path}${what.token ? `, with ${what.token}` : ''}.`);
    inside.append(facts);
    if (what.error) inside.append(el('p', { class: 'fault' }, what.error));
    inside.append(message('Request', what.request), message(what.status ? `Answer ${what.status}` : 'Answer', what.answer));
  } else if (kind === 'verdict') {
    inside.append(el('ul', { class: 'legs' }, ...what.legs.map(leg)));
  } else {
    inside.append(el('pre', { tabindex: '0', 'aria-label': 'The step' }, JSON.stringify(what, null, 2)));
  }
  return inside;
}
