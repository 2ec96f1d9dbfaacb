// The chat with a business: its heading with the call icon, and an entry for each call.

import { el, icon } from './dom.js';
import { face } from './face.js';
import { dayOf, length, timeOf } from './words.js';

/**
 * @typedef {import('./types.js').Thread} Thread
 * @typedef {import('./types.js').Entry} Entry
 * @typedef {{ call: () => void, back: () => void }} Acts
 */

const LOUD = new Set(['missed', 'failed']);
const LIVE = new Set(['ringing', 'connected']);

/**
 * @param {Entry} entry
 * @param {Acts} acts
 */
function row(entry, acts) {
  const incoming = entry.direction === 'BUSINESS_INITIATED';
  const facts = [timeOf(entry.at)];
  if (entry.duration_seconds !== null && !LIVE.has(entry.outcome)) facts.push(length(entry.duration_seconds));
  return el(
    'li',
    { class: `entry ${incoming ? 'received' : 'sent'}`, 'data-call': entry.call_id, 'data-outcome': entry.outcome },
    el('span', { class: `arrow${LOUD.has(entry.outcome) ? ' loud' : ''}` }, icon(incoming ? 'in' : 'out')),
    el('span', { class: 'what' }, el('strong', {}, entry.text), ' ', el('span', { class: 'quiet' }, facts.join(' · '))),
    LIVE.has(entry.outcome)
      ? null
      : el('button', { type: 'button', class: 'again', 'aria-label': incoming ? 'Call back' : 'Call again', title: incoming ? 'Call back' : 'Call again', onclick: acts.call }, icon('call')),
  );
}

/**
 * @param {Thread} thread
 * @param {Acts} acts
 */
function rows(thread, acts) {
  /** @type {HTMLElement[]} */
  const items = [];
  let day = '';
  for (const entry of thread.entries) {
    if (dayOf(entry.at) !== day) {
      day = dayOf(entry.at);
      items.push(el('li', { class: 'day' }, day));
    }
    items.push(row(entry, acts));
  }
  return items;
}

/**
 * @param {HTMLElement} chat
 * @param {Thread} thread
 * @param {Acts} acts
 */
export function showThread(chat, thread, acts) {
  const { business } = thread;
  const had = document.activeElement;
  const focused = had instanceof HTMLElement && chat.contains(had) ? had.getAttribute('aria-label') ?? had.textContent : null;
  const button = el('button', { type: 'button', class: 'call-button', 'aria-label': 'Call', title: 'Call', onclick: acts.call }, icon('call'), el('span', { 'aria-hidden': 'true' }, 'Call'));
  const hidden = thread.entries.length
    ? `${business.name} has hidden its call button. You can still call from an entry of the chat.`
    : `${business.name} has hidden its call button.`;
  const list = el('ol', { class: 'entries', 'aria-label': 'Calls' }, ...rows(thread, acts));
  const scroller = el(
    'div',
    { class: 'scroller' },
    thread.entries.length ? list : el('p', { class: 'empty quiet' }, `No calls with ${business.name} yet.`),
  );
  chat.replaceChildren(
    el(
      'header',
      { class: 'bar' },
      el('button', { type: 'button', class: 'back', 'aria-label': 'Back', onclick: acts.back }, icon('back')),
      face(business),
      el('div', { class: 'who' }, el('h2', {}, business.name), el('span', { class: 'quiet' }, business.number)),
      business.call_icon ? button : null,
    ),
    ...(business.description ? [el('p', { class: 'about quiet' }, business.description)] : []),
    ...(business.call_icon ? [] : [el('p', { class: 'hint' }, hidden)]),
    ...(business.calling ? [] : [el('p', { class: 'hint' }, 'This business does not take calls.')]),
    scroller,
  );
  scroller.scrollTop = scroller.scrollHeight;
  if (focused) [...chat.querySelectorAll('button')].find((b) => (b.getAttribute('aria-label') ?? b.textContent) === focused)?.focus();
}

/** @param {HTMLElement} chat */
export function showNothing(chat) {
  chat.replaceChildren(el('p', { class: 'empty quiet' }, 'Choose a business.'));
}
