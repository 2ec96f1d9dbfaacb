// The round picture of a business: its own, or its initials.

import { el, icon } from './dom.js';
import { initials } from './words.js';

/** @typedef {import('./types.js').Business} Business */

/**
 * The mark beside the name of an official business account.
 * @param {Pick<Business, 'official'>} business
 * @returns {HTMLElement | null}
 */
export const badge = (business) =>
  business.official ? el('span', { class: 'badge', title: 'Official business account' }, icon('tick'), el('span', { class: 'unseen' }, 'Official business account')) : null;

/**
 * @param {Pick<Business, 'name' | 'picture'>} business
 * @returns {HTMLElement}
 */
export function face(business) {
  const round = el('span', { class: 'face', 'aria-hidden': 'true' });
  if (!business.picture) {
    round.textContent = initials(business.name);
    return round;
  }
  // Without the picture, the initials do.
  const picture = el('img', { src: business.picture, alt: '', onerror: () => round.replaceChildren(initials(business.name)) });
  round.append(picture);
  return round;
}
