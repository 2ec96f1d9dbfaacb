// The chat with a business: its heading with the call icon, the thread, and the line to write in.

import { inShort } from './bubbles.js';
import { el, icon } from './dom.js';
import { badge, face } from './face.js';
import { notices } from './notices.js';
import { Profile } from './profile.js';
import { rows } from './thread.js';

/**
 * @typedef {import('./types.js').Thread} Thread
 * @typedef {'accept' | 'accept_permanent' | 'reject'} Response
 * @typedef {{
 *   call: () => void, back: () => void, callback: () => void, follow: () => void, info: () => void, tap: (message: string) => void, share: (message: string) => void,
 *   send: (text: string) => Promise<void>, reply: (message: string, reply: string) => void,
 *   answer: (message: string, response: Response) => void, permit: (response: 'accept_permanent' | 'revoke') => void,
 *   block: (blocked: boolean) => void, report: () => void,
 * }} Acts
 */

/** Nearer to the end than this, in pixels, the thread follows what is new. */
const NEAR = 80;

export class Chat {
  /**
   * @param {HTMLElement} place
   * @param {HTMLElement} announcement
   * @param {Acts} acts
   */
  constructor(place, announcement, acts) {
    this.place = place;
    this.announcement = announcement;
    this.acts = acts;
    /** The business on the screen. */
    this.shown = '';
    /** What is on the screen, as text: drawn anew only when it changes. */
    this.drawn = '';
    this.last = '';
    this.heading = el('header', { class: 'bar' });
    this.hints = el('div', { class: 'hints' });
    this.list = el('ol', { class: 'entries', 'aria-label': 'Messages and calls' });
    this.empty = el('p', { class: 'empty quiet' });
    this.scroller = el('div', { class: 'scroller', tabindex: '0', role: 'region', 'aria-label': 'Chat' }, this.empty, this.list);
    /** Whether the end of the thread is on the screen: then it stays there when the room for it changes. */
    this.atEnd = true;
    this.scroller.addEventListener('scroll', () => (this.atEnd = this.#near()), { passive: true });
    new ResizeObserver(() => this.atEnd && this.#toEnd()).observe(this.scroller);
    // What is unfolded at the end is to be seen.
    this.list.addEventListener('toggle', (event) => event.target instanceof HTMLDetailsElement && event.target.open && event.target.scrollIntoView({ block: 'nearest' }), true);
    this.problem = el('p', { class: 'problem', role: 'alert' });
    this.profile = new Profile(acts);
    this.words = el('textarea', { rows: 1, maxlength: 4096, placeholder: 'Message', 'aria-label': 'Message', autocomplete: 'off' });
    this.words.addEventListener('input', () => this.#fit());
    this.words.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      void this.#send();
    });
    this.form = el(
      'form',
      { class: 'composer', onsubmit: (event) => (event.preventDefault(), void this.#send()) },
      this.words,
      el('button', { type: 'submit', class: 'send', 'aria-label': 'Send', title: 'Send' }, icon('send')),
    );
    this.blocked = el(
      'div',
      { class: 'composer blocked', hidden: true },
      el('span', {}, 'You have blocked this business.'),
      el('button', { type: 'button', class: 'small', onclick: () => acts.block(false) }, 'Unblock'),
    );
  }

  nothing() {
    this.shown = this.drawn = '';
    this.place.replaceChildren(el('p', { class: 'empty quiet' }, 'Choose a business.'));
  }

  /** @param {Thread} thread */
  show(thread) {
    const { business } = thread;
    const fresh = this.shown !== business.id;
    if (fresh) {
      this.shown = business.id;
      this.drawn = this.last = '';
      this.words.value = '';
      this.complain('');
      this.profile.close();
      this.place.replaceChildren(this.heading, this.hints, this.scroller, this.problem, this.form, this.blocked, this.profile.dialog);
      this.#fit();
    }
    const content = JSON.stringify(thread);
    if (content === this.drawn) return;
    this.drawn = content;
    const follow = fresh || this.#near();
    const had = document.activeElement;
    const key = had instanceof HTMLElement && this.place.contains(had) ? had.dataset.focus : undefined;
    this.#head(thread);
    // What was unfolded stays so.
    const open = new Set([...this.list.querySelectorAll('details[open]')].map((menu) => menu.closest('li')?.dataset.message));
    this.list.replaceChildren(...rows(thread, this.acts));
    for (const menu of this.list.querySelectorAll('details')) menu.open = open.has(menu.closest('li')?.dataset.message);
    this.empty.textContent = `No messages and no calls with ${business.name} yet.`;
    this.empty.hidden = thread.entries.length > 0;
    this.list.hidden = !this.empty.hidden;
    this.form.hidden = thread.blocked;
    this.blocked.hidden = !thread.blocked;
    this.profile.update(thread);
    if (follow) this.#toEnd();
    if (key !== undefined && !this.place.contains(document.activeElement)) {
      const again = [...this.place.querySelectorAll('[data-focus]')].find((one) => one instanceof HTMLElement && one.dataset.focus === key);
      // A button that went with its answer leaves the focus to the thread and not to nobody.
      if (again instanceof HTMLElement && !again.hasAttribute('disabled')) again.focus({ preventScroll: true });
      else this.scroller.focus({ preventScroll: true });
    }
    this.#announce(thread, fresh);
  }

  /** The chat information shows the phone the settings that hold. */
  #info() {
    this.acts.info();
    this.profile.open();
  }

  /** @param {string} sentence */
  complain(sentence) {
    this.problem.textContent = sentence;
  }

  /** @param {Thread} thread */
  #head(thread) {
    const { business } = thread;
    const { acts } = this;
    this.heading.replaceChildren(
      el('button', { type: 'button', class: 'back', 'aria-label': 'Back', 'data-focus': 'back', onclick: acts.back }, icon('back')),
      face(business),
      el('div', { class: 'who' }, el('h2', {}, business.name, badge(business)), el('span', { class: 'quiet' }, thread.typing ? 'typing …' : business.number)),
      el('button', { type: 'button', class: 'icon-button', 'aria-label': 'Business info', title: 'Business info', 'data-focus': 'info', onclick: () => this.#info() }, icon('info')),
      ...(business.call_icon
        ? [el('button', { type: 'button', class: 'call-button', 'aria-label': 'Call', title: 'Call', 'data-focus': 'call', onclick: acts.call }, icon('call'), el('span', { 'aria-hidden': 'true' }, 'Call'))]
        : []),
    );
    const calls = thread.entries.some((entry) => entry.kind === 'call');
    this.hints.replaceChildren(...notices(business, { calls, ...thread.notes }, acts));
  }

  /**
   * Says aloud what the business has written since.
   * @param {Thread} thread
   * @param {boolean} fresh
   */
  #announce(thread, fresh) {
    const newest = thread.entries.at(-1);
    const id = !newest ? '' : newest.kind === 'call' ? newest.call_id : newest.id;
    if (!fresh && newest && newest.kind !== 'call' && newest.from !== 'user' && id !== this.last) {
      this.announcement.textContent = `${thread.business.name}: ${inShort(newest)}`;
    }
    this.last = id;
  }

  async #send() {
    const text = this.words.value.trim();
    if (!text) return;
    this.words.value = '';
    this.#fit();
    this.#toEnd();
    try {
      this.complain('');
      await this.acts.send(text);
    } catch (error) {
      // What was not sent is there to be sent again.
      this.words.value ||= text;
      this.#fit();
      this.complain(error instanceof Error ? error.message : String(error));
    }
  }

  #near() {
    return this.scroller.scrollHeight - this.scroller.scrollTop - this.scroller.clientHeight < NEAR;
  }

  #toEnd() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.atEnd = true;
  }

  /** The field is as high as its words, up to some lines. */
  #fit() {
    this.words.style.height = 'auto';
    this.words.style.height = `${Math.min(this.words.scrollHeight, 140)}px`;
  }
}
