// The call that is looked at: who, how far, what was heard, and the verdict.

import { el } from './dom.js';

/** The server is asked again at most this often while a call goes on. */
const ASK_MS = 1000;

/** @typedef {import('./types.js').CallSummary} CallSummary */

/** @param {any} heard */
function ear(heard) {
  if (heard.tone_hz === null && !heard.audio_ms) return 'The user has heard nothing.';
  const pitch = heard.tone_hz === null ? 'silence last' : `${Math.round(heard.tone_hz)} Hz last`;
  const digits = heard.digits ? `, digits ${heard.digits}` : '';
  return `The user heard ${(heard.audio_ms / 1000).toFixed(1)} s, ${pitch}, ${heard.lost} packets lost${digits}.`;
}

export class Story {
  /**
   * @param {HTMLElement} place
   * @param {{ name: (user: string | null) => string, digits: (number: string | null) => string }} words
   */
  constructor(place, words) {
    this.place = place;
    this.words = words;
    /** @type {CallSummary | undefined} */
    this.call = undefined;
    this.asked = 0;
    /** @type {any} */
    this.view = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.waiting = undefined;
  }

  /**
   * Shows this call; none hides the place.
   * @param {CallSummary | undefined} call
   */
  show(call) {
    if (call?.id !== this.call?.id) this.view = null;
    this.call = call;
    this.place.hidden = !call;
    if (!call) return;
    this.draw(call);
    this.askSoon();
  }

  askSoon() {
    if (this.waiting) return;
    const wait = Math.max(0, this.asked + ASK_MS - performance.now());
    this.waiting = setTimeout(() => void this.ask(), wait);
  }

  async ask() {
    this.waiting = undefined;
    this.asked = performance.now();
    const call = this.call;
    if (!call?.user) return;
    try {
      // The header keeps the page's own looks out of what it shows.
      const response = await fetch(`/sandbox/v1/users/${call.user}/calls/${call.id}`, { headers: { 'ahoy-inspector': '1' } });
      if (!response.ok || this.call?.id !== call.id) return;
      this.view = await response.json();
      this.draw(call);
    } catch {
      // The stream tells that the server is gone.
    }
  }

  /** @param {CallSummary} call */
  draw(call) {
    const { view } = this;
    const [user, number] = [this.words.name(call.user), this.words.digits(call.number)];
    const from = view?.direction === 'BUSINESS_INITIATED' ? `${number} called ${user}` : view ? `${user} called ${number}` : `${user} and ${number}`;
    const length = view?.duration ? `, ${view.duration} s` : '';
    const verdict = call.verdict ?? view?.media?.verdict;
    const parts = [
      el('h2', {}, from),
      el('p', { class: 'state' }, `${call.state}${length} `, el('code', {}, call.id)),
      verdict && el('p', { class: call.silent ? 'verdict fault' : 'verdict' }, call.verdict ? verdict : `So far: ${verdict}`),
      view?.heard && el('p', { class: 'quiet' }, ear(view.heard)),
    ];
    this.place.replaceChildren(...parts.filter((part) => part instanceof Node));
  }
}
