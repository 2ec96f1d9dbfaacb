// What stands between the heading of a chat and its entries: why there is no call icon, when a closed business opens, a call
// link that was followed.

import { el } from './dom.js';

/**
 * @typedef {import('./types.js').Business} Business
 * @typedef {{ callback: () => void, follow: () => void }} NoticeActs
 */

/**
 * @param {string} text
 * @param {string} [label]
 * @param {() => void} [act]
 */
function notice(text, label, act) {
  const button = label && act && el('button', { type: 'button', class: 'small', 'data-focus': label, onclick: act }, label);
  return el('p', { class: 'hint' }, text, ...(button ? [' ', button] : []));
}

/**
 * @param {Business} business
 * @param {{ calls: boolean, linked?: boolean, asked?: boolean }} chat whether there are calls in it, whether a call link was
 *   followed to it, and whether a call back was asked for
 * @param {NoticeActs} acts
 */
export function notices(business, chat, acts) {
  /** @type {HTMLElement[]} */
  const lines = [];
  if (chat.linked) lines.push(notice('You followed a call link.', `Call ${business.name}`, acts.follow));
  if (business.no_icon_reason) {
    const still = business.no_icon === 'hidden' && chat.calls ? ' You can still call from an entry of the chat.' : '';
    lines.push(notice(business.no_icon_reason + still));
  }
  if (business.calling && !business.open) {
    const text = business.opens ? `Closed. Opens ${business.opens}.` : 'Closed.';
    if (chat.asked) lines.push(notice(`${text} The business may call you back.`));
    else if (business.callback) lines.push(notice(text, 'Ask to be called back', acts.callback));
    else lines.push(notice(text));
  }
  return lines;
}
