// The list of businesses.

import { el } from './dom.js';
import { badge, face } from './face.js';

/** @typedef {import('./types.js').Business} Business */

/**
 * @param {HTMLElement} list
 * @param {Business[]} businesses
 * @param {string} selected
 * @param {(business: Business) => void} select
 */
export function showBusinesses(list, businesses, selected, select) {
  const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.business : undefined;
  const items = businesses.map((business) => {
    const button = el(
      'button',
      { type: 'button', class: 'business', 'data-business': business.id, 'aria-current': business.id === selected ? 'true' : null, onclick: () => select(business) },
      face(business),
      el('span', { class: 'who' }, el('strong', {}, business.name), badge(business), ' ', el('span', { class: 'quiet' }, business.number)),
      business.calling && business.open ? null : el('span', { class: 'tag' }, business.calling ? 'closed' : 'calls off'),
    );
    return el('li', {}, button);
  });
  list.replaceChildren(...(items.length ? items : [el('li', { class: 'quiet none' }, 'There is no business on this server yet.')]));
  for (const button of list.querySelectorAll('button')) if (focused && button.dataset.business === focused) button.focus();
}
