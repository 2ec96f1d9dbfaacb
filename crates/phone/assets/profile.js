// What the user can see and decide about a business: calls, blocking, reporting.

import { el, icon } from './dom.js';
import { badge, face } from './face.js';
import { dayOf, timeOf } from './words.js';

/** @typedef {import('./types.js').Thread} Thread */

/** @param {Thread} thread */
function permissionSentence({ permission, business }) {
  switch (permission.kind) {
    case 'permanent':
      return `${business.name} may always call you.`;
    case 'temporary':
      return `${business.name} may call you until ${dayOf(permission.until ?? 0)}, ${timeOf(permission.until ?? 0)}.`;
    default:
      return `${business.name} may not call you.`;
  }
}

/** @param {import('./types.js').Hours} hours */
function timetable({ zone, week, dates }) {
  /** @param {[string, string]} line */
  const row = ([day, open]) => el('tr', {}, el('th', { scope: 'row' }, day), el('td', {}, open));
  return el('section', { 'aria-label': 'Call hours' },
    el('table', { class: 'hours' },
      el('caption', {}, `Call hours (${zone})`),
      el('tbody', {}, ...week.map(row)),
      dates.length ? el('tbody', { 'aria-label': 'Other dates' }, ...dates.map(row)) : null));
}

export class Profile {
  /** @param {import('./chat.js').Acts} acts */
  constructor(acts) {
    this.acts = acts;
    this.dialog = el('dialog', { class: 'profile', 'aria-labelledby': 'profile-name' });
    this.reported = '';
  }

  open() {
    if (!this.dialog.open) this.dialog.showModal();
  }
  close() {
    if (this.dialog.open) this.dialog.close();
  }

  /** @param {Thread} thread */
  update(thread) {
    const { business, permission, blocked } = thread;
    const { acts } = this;
    const had = document.activeElement;
    const key = had instanceof HTMLElement && this.dialog.contains(had) ? had.dataset.focus : undefined;
    /** @param {string} label @param {string} key @param {() => void} act @param {string} [kind] */
    const button = (label, key, act, kind = '') => el('button', { type: 'button', class: `choice ${kind}`, 'data-focus': key, onclick: act }, label);
    const portrait = face(business);
    portrait.classList.add('portrait');
    this.dialog.replaceChildren(
      el('button', { type: 'button', class: 'icon-button shut', 'aria-label': 'Close', title: 'Close', 'data-focus': 'shut', onclick: () => this.close() }, icon('close')),
      portrait,
      el('h2', { id: 'profile-name' }, business.name, badge(business)),
      el('p', { class: 'quiet' }, business.number),
      business.description ? el('p', { class: 'description' }, business.description) : '',
      business.hours ? timetable(business.hours) : '',
      el('section', { 'aria-label': 'Calls' }, el('p', {}, permissionSentence(thread)),
        permission.kind === 'permanent' ? null : button('Always allow calls', 'permit', () => acts.permit('accept_permanent')),
        permission.kind === 'none' ? null : button('Don’t allow calls', 'revoke', () => acts.permit('revoke'))),
      el('section', { 'aria-label': 'Trouble' },
        blocked ? button('Unblock', 'block', () => acts.block(false)) : button('Block', 'block', () => acts.block(true), 'danger'),
        this.reported === business.id
          ? el('p', { class: 'fine', role: 'status' }, 'Reported. Thank you.')
          : button('Report', 'report', () => {
              this.reported = business.id;
              acts.report();
              this.update(thread);
            }, 'danger')),
    );
    if (key !== undefined) {
      const again = [...this.dialog.querySelectorAll('button')].find((one) => one.dataset.focus === key);
      (again ?? this.dialog.querySelector('button'))?.focus();
    }
  }
}
