// The screen of a call: a modal dialog with one face a phase.

import { el, icon } from './dom.js';
import { isDigit, keypad } from './keypad.js';
import { initials, length, timer } from './words.js';

/**
 * @typedef {import('./call.js').Call} Call
 * @typedef {{ accept: () => void, decline: () => void, name: string }} Waiting another business that rings meanwhile
 */

/**
 * A round button with its name below.
 * @param {string} name
 * @param {string} picture
 * @param {string} kind
 * @param {() => void} act
 */
const round = (name, picture, kind, act) =>
  el('button', { type: 'button', class: `round ${kind}`, onclick: act }, el('span', { class: 'disc' }, icon(picture)), el('span', { class: 'label' }, name));

/**
 * @param {string} name
 * @param {string} kind
 * @param {() => void} act
 */
const wide = (name, kind, act) => el('button', { type: 'button', class: `wide ${kind}`, onclick: act }, name);

export class CallScreen {
  /**
   * @param {HTMLDialogElement} dialog
   * @param {(call: Call) => void} again calls the same business once more
   */
  constructor(dialog, again) {
    this.dialog = dialog;
    this.again = again;
    /** @type {Call | null} */
    this.call = null;
    /** @type {import('./call.js').Phase | ''} */
    this.shown = '';
    this.who = el('h2', { id: 'call-who' });
    this.face = el('span', { class: 'face large', 'aria-hidden': 'true' });
    this.status = el('p', { id: 'call-status', class: 'status', role: 'status' });
    this.timer = el('p', { id: 'call-timer', class: 'timer', role: 'timer', 'aria-label': 'Length of the call', hidden: true });
    this.note = el('p', { class: 'note', hidden: true });
    this.waiting = el('div', { class: 'waiting', role: 'alert', hidden: true });
    this.keypad = keypad((digit) => this.call?.press(digit));
    this.controls = el('div', { class: 'controls' });
    dialog.replaceChildren(
      el('div', { class: 'sheet' }, this.waiting, el('div', { class: 'person-of-call' }, this.face, this.who, this.status, this.timer, this.note), this.keypad.element, this.controls),
    );
    dialog.addEventListener('cancel', (event) => {
      event.preventDefault();
      this.#escape();
    });
    dialog.addEventListener('keydown', (event) => this.#key(event));
    setInterval(() => this.#tick(), 250);
  }

  /**
   * @param {Call} call
   * @param {Waiting | null} waiting
   */
  show(call, waiting) {
    const other = this.call !== call;
    this.call = call;
    if (call.phase === 'closed') return this.hide();
    if (!this.dialog.open) this.dialog.showModal();
    if (other || this.shown !== call.phase) this.#face(call);
    this.shown = call.phase;
    this.who.textContent = call.business.name;
    this.face.textContent = initials(call.business.name);
    this.#line(this.note, call.note || (call.phase === 'connected' && call.listening ? 'You can listen. The business does not hear you: there is no microphone.' : ''));
    this.mute?.setAttribute('aria-pressed', String(call.muted));
    this.keypad.show(call.digits);
    this.#waiting(waiting);
    this.#tick();
  }

  hide() {
    this.call = null;
    this.shown = '';
    if (this.dialog.open) this.dialog.close();
  }

  /** @param {Call} call */
  #face(call) {
    this.dialog.dataset.phase = call.phase;
    this.#pad(false);
    this.timer.hidden = call.phase !== 'connected';
    this.mute = undefined;
    this.pad = undefined;
    const [status, buttons] = this.#words(call);
    if (this.status.textContent !== status) this.status.textContent = status;
    this.controls.replaceChildren(...buttons);
    buttons.find((button) => button.dataset.first !== undefined)?.focus();
  }

  /**
   * What a phase says, and its buttons; the focus goes to the marked one.
   * @param {Call} call
   * @returns {[string, HTMLButtonElement[]]}
   */
  #words(call) {
    const leave = () => call.leave();
    const first = (/** @type {HTMLButtonElement} */ button) => {
      button.dataset.first = '';
      return button;
    };
    switch (call.phase) {
      case 'incoming':
        return ['Incoming call', [round('Decline', 'hangup', 'no', leave), first(round('Accept', 'call', 'yes', () => call.accept()))]];
      case 'asking':
        return ['Waiting for the microphone …', [first(round(call.incoming ? 'Decline' : 'Cancel', 'hangup', 'no', leave))]];
      case 'no-microphone': {
        const go = () => (call.incoming ? call.accept(true) : call.dial(true));
        const retry = () => (call.incoming ? call.accept() : call.dial());
        const words = call.incoming ? ['Answer without a microphone', 'Decline'] : ['Call without a microphone', 'Cancel'];
        return [
          `${call.reason} You can go on and only listen: the business will not hear you.`,
          [first(wide('Try again', 'plain', retry)), wide(words[0] ?? '', 'plain', go), wide(words[1] ?? '', 'quiet', leave)],
        ];
      }
      case 'dialling':
        return ['Calling …', [first(round('Hang up', 'hangup', 'no', leave))]];
      case 'ringing':
        return ['Ringing …', [first(round('Hang up', 'hangup', 'no', leave))]];
      case 'answering':
        return ['Connecting …', [first(round('Hang up', 'hangup', 'no', leave))]];
      case 'connected': {
        const mute = round('Mute', 'mute', 'tool', () => call.toggleMute());
        mute.setAttribute('aria-pressed', 'false');
        this.mute = mute;
        this.pad = round('Keypad', 'keypad', 'tool', () => this.#pad(this.keypad.element.hidden));
        this.pad.setAttribute('aria-expanded', 'false');
        this.pad.setAttribute('aria-controls', 'keypad');
        // Without a microphone there is nothing to mute.
        const tools = call.listening ? [first(this.pad)] : [first(mute), this.pad];
        return ['Connected', [...tools, round('Hang up', 'hangup', 'no', leave)]];
      }
      default: {
        const lasted = call.lasted ? ` The call lasted ${length(Math.ceil(call.lasted))}.` : '';
        const again = wide(call.incoming ? 'Call back' : 'Call again', 'plain', () => this.again(call));
        return [call.reason + lasted, [first(wide('Close', 'plain', () => call.close())), again]];
      }
    }
  }

  /** @param {boolean} open */
  #pad(open) {
    this.keypad.element.hidden = !open;
    this.dialog.classList.toggle('with-keypad', open);
    this.pad?.setAttribute('aria-expanded', String(open));
    if (open) this.keypad.element.querySelector('button')?.focus();
  }

  #escape() {
    const phase = this.call?.phase;
    if (phase === 'incoming' || phase === 'no-microphone' || phase === 'asking') this.call?.leave();
    else if (phase === 'ended') this.call?.close();
    else if (phase === 'connected' && !this.keypad.element.hidden) {
      this.#pad(false);
      this.pad?.focus();
    }
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (this.call?.phase !== 'connected' || event.repeat || event.ctrlKey || event.altKey || event.metaKey || !isDigit(event.key)) return;
    event.preventDefault();
    this.call.press(event.key);
    this.keypad.flash(event.key);
  }

  /**
   * @param {HTMLElement} element
   * @param {string} text
   */
  #line(element, text) {
    element.hidden = !text;
    if (element.textContent !== text) element.textContent = text;
  }

  /** @param {Waiting | null} waiting */
  #waiting(waiting) {
    const name = waiting?.name ?? '';
    this.waiting.hidden = !waiting;
    if (this.waiting.dataset.name === name) return;
    this.waiting.dataset.name = name;
    this.waiting.replaceChildren();
    if (waiting) this.waiting.append(el('span', {}, `${name} is calling.`), wide('Hang up and accept', 'small', waiting.accept), wide('Decline that call', 'small', waiting.decline));
  }

  #tick() {
    const call = this.call;
    if (!call || this.timer.hidden) return;
    const text = timer((performance.now() - call.connectedAt) / 1000);
    if (this.timer.textContent !== text) this.timer.textContent = text;
  }
}
