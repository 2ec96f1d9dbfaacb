// What a message looks like: words, and what can be tapped on.

import { el, icon } from './dom.js';
import { dayOf, timeOf } from './words.js';

/**
 * @typedef {import('./types.js').Message} Message
 * @typedef {import('./types.js').Thread} Thread
 * @typedef {import('./chat.js').Acts} Acts
 * @typedef {import('./dom.js').Child} Child
 */

const SENT = new Set(['user']);

/** @param {number} seconds Unix seconds */
const moment = (seconds) => `${dayOf(seconds)}, ${timeOf(seconds)}`;

/**
 * What a message says in one line: for a quotation, and for who listens to the page.
 * @param {Message} message
 * @returns {string}
 */
export function inShort(message) {
  if (message.kind === 'audio') return 'Voice message';
  if (message.kind === 'permission_request') return message.body ?? 'May we call you?';
  return message.title ?? message.body ?? '';
}

/**
 * A button of a message, over its whole width.
 * @param {string} label
 * @param {(event: Event) => void} act
 * @param {{ [name: string]: string | boolean | null }} [more]
 * @param {Child} [before]
 */
const choice = (label, act, more = {}, before = null) => el('button', { type: 'button', class: 'choice', onclick: act, ...more }, before, el('span', {}, label));

/**
 * @param {Message} message
 * @param {Acts} acts
 */
function callButton(message, acts) {
  const button = message.call_button;
  if (!button) return [];
  const works = message.call_works !== false;
  return [
    choice(button.display_text, () => acts.tap(message.id), { class: 'choice call-choice', disabled: !works, 'data-focus': `tap ${message.id}` }, icon('call')),
    el('p', { class: 'fine' }, works ? `Works until ${moment(button.expires)}` : 'This button has expired.'),
  ];
}

/**
 * @param {Message} message
 * @param {Thread} thread
 * @param {Acts} acts
 */
function request(message, thread, acts) {
  const card = message.request;
  if (!card) return [];
  const { name } = thread.business;
  const state = message.request_state;
  /** @param {string} label @param {'accept' | 'accept_permanent' | 'reject'} response */
  const answer = (label, response) => choice(label, () => acts.answer(message.id, response), { 'data-focus': `${response} ${message.id}`, 'data-response': response });
  const yes = [answer('Allow for 7 days', 'accept'), answer('Always allow', 'accept_permanent')];
  switch (state) {
    case 'open':
      return [el('div', { role: 'group', 'aria-label': `May ${name} call you?`, class: 'choices' }, ...yes, answer('Don’t allow', 'reject'))];
    case 'accepted':
      return [el('p', { class: 'fine settled' }, icon('tick'), card.answer === 'accept_permanent' ? `You always allow calls from ${name}.` : `You allowed calls from ${name} for 7 days.`)];
    case 'declined':
      return [el('p', { class: 'fine settled' }, icon('close'), 'You did not allow calls.'), ...(message.can_answer ? [el('details', {}, el('summary', {}, 'Change your answer'), el('div', { class: 'choices' }, ...yes))] : [])];
    default:
      return [el('p', { class: 'fine' }, 'This request has expired.')];
  }
}

/**
 * The business asks for the number: what stands on the button no business decides.
 * @param {Message} message
 * @param {Acts} acts
 */
function contactRequest(message, acts) {
  const asked = message.contact_request;
  if (!asked) return [];
  if (asked.shared_at) return [el('p', { class: 'fine settled' }, icon('tick'), 'You shared your phone number.')];
  return [choice('Share phone number', () => acts.share(message.id), { 'data-focus': `share ${message.id}` })];
}

/**
 * @param {Message} message
 * @param {Acts} acts
 * @param {boolean} answered
 */
function replies(message, acts, answered) {
  const buttons = (message.buttons ?? []).map((button) => {
    const more = { 'data-focus': `reply ${message.id} ${button.id ?? button.title}` };
    // Only pages of the web are opened: an address may be anything.
    if (button.type === 'url' && /^https?:\/\//i.test(button.url ?? '')) {
      return el('a', { class: 'choice', href: button.url, target: '_blank', rel: 'noopener noreferrer', ...more }, icon('out'), el('span', {}, button.title));
    }
    if (button.type === 'phone_number') return el('a', { class: 'choice', href: `tel:${button.phone_number}`, ...more }, el('span', {}, button.title));
    if (button.type === 'url') return el('p', { class: 'fine' }, button.title);
    return choice(button.title, () => acts.reply(message.id, button.id ?? ''), { ...more, disabled: answered });
  });
  if (!message.sections) return buttons;
  const rows = message.sections.flatMap((section) => [
    section.title ? el('p', { class: 'section' }, section.title) : null,
    ...section.rows.map((row) =>
      el(
        'button',
        { type: 'button', class: 'option', disabled: answered, 'data-focus': `reply ${message.id} ${row.id}`, onclick: () => acts.reply(message.id, row.id) },
        el('span', {}, row.title),
        row.description ? el('span', { class: 'quiet' }, row.description) : null,
      ),
    ),
  ]);
  return [...buttons, el('details', { class: 'menu' }, el('summary', { class: 'choice' }, message.button ?? 'Options'), el('div', { class: 'options' }, ...rows))];
}

/**
 * @param {Message} message
 * @param {Thread} thread
 */
function quotation(message, thread) {
  const about = message.context && thread.entries.find((entry) => entry.kind !== 'call' && entry.id === message.context);
  if (!about || about.kind === 'call') return null;
  const who = SENT.has(about.from) ? 'You' : thread.business.name;
  return el('blockquote', {}, el('span', { class: 'quiet' }, who), el('span', { class: 'line' }, inShort(about)));
}

/**
 * A message as an entry of the thread.
 * @param {Message} message
 * @param {Thread} thread
 * @param {Acts} acts
 */
export function bubble(message, thread, acts) {
  const { business, entries } = thread;
  if (message.kind === 'system') return el('li', { class: 'notice', 'data-message': message.id, 'data-kind': 'system' }, message.body ?? '');
  const sent = SENT.has(message.from);
  const answered = entries.some((entry) => entry.kind !== 'call' && entry.from === 'user' && entry.context === message.id && entry.kind.endsWith('_reply'));
  const seen = sent && message.state === 'read' ? ' · read' : '';
  const words = message.kind === 'audio' ? 'Voice message' : message.title ?? message.body;
  return el(
    'li',
    { class: `entry said ${sent ? 'sent' : 'received'}`, 'data-message': message.id, 'data-kind': message.kind, 'data-state': message.request_state ?? message.state },
    el('span', { class: 'unseen' }, sent ? 'You: ' : `${business.name}: `),
    quotation(message, thread),
    message.header ? el('p', { class: 'head' }, message.header) : null,
    message.kind === 'permission_request' && !words ? el('p', { class: 'words' }, `May ${business.name} call you?`) : null,
    words ? el('p', { class: 'words' }, words) : null,
    message.description ? el('p', { class: 'fine' }, message.description) : null,
    message.footer ? el('p', { class: 'fine' }, message.footer) : null,
    el('span', { class: 'when' }, `${timeOf(message.at)}${seen}`),
    ...callButton(message, acts),
    ...request(message, thread, acts),
    ...contactRequest(message, acts),
    ...replies(message, acts, answered),
  );
}
