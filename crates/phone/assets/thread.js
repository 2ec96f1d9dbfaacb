// The entries of a chat: messages and calls, by days.

import { bubble } from './bubbles.js';
import { el, icon } from './dom.js';
import { dayOf, length, timeOf } from './words.js';

/**
 * @typedef {import('./types.js').Thread} Thread
 * @typedef {import('./types.js').CallEntry} CallEntry
 * @typedef {import('./chat.js').Acts} Acts
 */

const LOUD = new Set(['missed', 'failed']);
const LIVE = new Set(['ringing', 'connected']);

/**
 * A call as an entry of the thread.
 * @param {CallEntry} entry
 * @param {Acts} acts
 */
function callRow(entry, acts) {
  const incoming = entry.direction === 'BUSINESS_INITIATED';
  const facts = [timeOf(entry.at)];
  if (entry.duration_seconds !== null && !LIVE.has(entry.outcome)) facts.push(length(entry.duration_seconds));
  const label = incoming ? 'Call back' : 'Call again';
  return el(
    'li',
    { class: `entry ${incoming ? 'received' : 'sent'}`, 'data-call': entry.call_id, 'data-outcome': entry.outcome },
    el('span', { class: `arrow${LOUD.has(entry.outcome) ? ' loud' : ''}` }, icon(incoming ? 'in' : 'out')),
    el('span', { class: 'what' }, el('strong', {}, entry.text), ' ', el('span', { class: 'quiet' }, facts.join(' · '))),
    LIVE.has(entry.outcome)
      ? null
      : el('button', { type: 'button', class: 'again', 'aria-label': label, title: label, 'data-focus': `again ${entry.call_id}`, onclick: acts.call }, icon('call')),
  );
}

/**
 * @param {Thread} thread
 * @param {Acts} acts
 */
export function rows(thread, acts) {
  /** @type {HTMLElement[]} */
  const items = [];
  let day = '';
  for (const entry of thread.entries) {
    if (dayOf(entry.at) !== day) {
      day = dayOf(entry.at);
      items.push(el('li', { class: 'day' }, day));
    }
    items.push(entry.kind === 'call' ? callRow(entry, acts) : bubble(entry, thread, acts));
  }
  return items;
}
