// What happens on the page: businesses, the chat, calls out and in.

import { showBusinesses } from './business-list.js';
import { Call } from './call.js';
import { CallScreen } from './call-screen.js';
import { Chat } from './chat.js';
import { el } from './dom.js';
import { PhoneError, PhoneSocket } from './phone-socket.js';
import { Tones } from './tones.js';

/**
 * @typedef {import('./types.js').Business} Business
 * @typedef {import('./types.js').Ring} Ring
 * @typedef {import('./types.js').Welcome} Welcome
 * @typedef {{ phone: HTMLElement, list: HTMLElement, chat: HTMLElement, announcement: HTMLElement, connection: HTMLElement, dialog: HTMLDialogElement, audio: HTMLAudioElement }} Places
 */

/** From this width on list and chat stand side by side. */
const WIDE = matchMedia('(min-width: 760px)');

export class App {
  /**
   * @param {string} user
   * @param {Places} places
   */
  constructor(user, places) {
    this.places = places;
    this.tones = new Tones();
    /** @type {Business[]} */
    this.businesses = [];
    /** The call link that was followed, until it is used. */
    this.followed = { business: places.phone.dataset.call ?? '', payload: places.phone.dataset.payload ?? '' };
    this.selected = this.followed.business;
    /** @type {Set<string>} Businesses asked to call back. */
    this.asked = new Set();
    /** @type {Call | null} */
    this.call = null;
    /** @type {Ring[]} Calls that ring while another one is on the screen. */
    this.waiting = [];
    this.link = 'connecting';
    this.title = document.title;
    this.socket = new PhoneSocket(user, {
      holds: () => this.#holds(),
      onWelcome: (welcome) => this.#welcome(welcome),
      onEvent: (event) => this.#event(event),
      onLink: (link, why) => this.#link(link, why),
    });
    this.screen = new CallScreen(places.dialog, (call) => {
      call.close();
      this.dial(call.business);
    });
    this.chat = new Chat(places.chat, places.announcement, this.#acts());
  }

  start() {
    this.chat.nothing();
    this.socket.connect();
    // A page that goes away takes its calls with it; one that comes back out of the browser's memory begins anew.
    addEventListener('pagehide', () => this.socket.close());
    addEventListener('pageshow', (event) => event.persisted && location.reload());
    document.addEventListener('visibilitychange', () => document.hidden || this.#refresh());
  }

  /** What tests may look at. */
  get state() {
    return { link: this.link, phase: this.call?.phase ?? 'idle', callId: this.call?.id ?? null, waiting: this.waiting.length };
  }

  #holds() {
    const own = this.call && !this.call.over && this.call.id ? [this.call.id] : [];
    return [...own, ...this.waiting.map((ring) => ring.call_id)];
  }

  /** @param {Welcome} welcome */
  #welcome(welcome) {
    const alive = new Set(welcome.calls.map((call) => call.call_id));
    if (!welcome.resumed) {
      // Ends that happened while nobody could tell us.
      if (this.call?.id && !alive.has(this.call.id)) this.call.finish('The call ended while the connection to the server was lost.');
      this.waiting = this.waiting.filter((ring) => alive.has(ring.call_id));
      const own = welcome.calls.find((call) => call.call_id === this.call?.id);
      if (own?.connected && this.call?.phase !== 'connected') this.call?.connected();
    }
    this.#refresh();
  }

  /**
   * @param {import('./phone-socket.js').Link} link
   * @param {string} why
   */
  #link(link, why) {
    this.link = link;
    const line = this.places.connection;
    line.dataset.link = link;
    line.replaceChildren(why);
    if (link === 'renumbered') {
      // The chats are at the phone of the new number; the line that says so stands above the list.
      this.call?.finish(why);
      this.#leave();
      const there = `/phone?user=${encodeURIComponent(this.socket.moved)}`;
      line.append(' ', el('a', { href: there }, 'Go on with it'));
    }
    if (link === 'replaced') {
      this.call?.finish('This phone was opened in another place.');
      this.waiting = [];
      const here = () => {
        line.replaceChildren('Connecting …');
        this.socket.connect();
      };
      line.append(' ', el('button', { type: 'button', class: 'small', onclick: here }, 'Use here'));
    }
  }

  /** @param {import('./types.js').Event} event */
  #event(event) {
    switch (event.type) {
      case 'ring':
        return this.#rung(event);
      case 'connected':
        if (this.call?.id === event.call_id) this.call.connected();
        return this.#refresh();
      case 'ended':
        this.waiting = this.waiting.filter((ring) => ring.call_id !== event.call_id);
        if (this.call?.id === event.call_id) this.call.finish(event.reason);
        this.#draw();
        return this.#refresh();
      case 'thread_changed':
        return this.#refresh();
    }
  }

  /** @param {Ring} ring */
  #rung(ring) {
    if (this.call?.id === ring.call_id || this.waiting.some((other) => other.call_id === ring.call_id)) return;
    this.socket.request('ringing', { call_id: ring.call_id }).catch(() => {});
    this.#refresh();
    if (this.call && !this.call.over) {
      this.waiting.push(ring);
      return this.#draw();
    }
    this.#present(ring);
  }

  /** @param {Ring} ring */
  #present(ring) {
    const call = this.#begin(ring.business, 'BUSINESS_INITIATED');
    this.tones.ring();
    call.ring(ring);
    this.#title();
    this.#draw();
    return call;
  }

  /**
   * @param {{ id: string, name: string }} business
   * @param {import('./types.js').Direction} direction
   */
  #begin(business, direction) {
    this.call?.close();
    const call = new Call({ socket: this.socket, tones: this.tones, audio: this.places.audio }, business, direction);
    this.call = call;
    call.addEventListener('change', () => this.call === call && this.#changed(call));
    return call;
  }

  /** @param {Call} call */
  #changed(call) {
    this.#title();
    if (call.phase === 'closed') {
      this.call = null;
      this.screen.hide();
      const next = this.waiting.shift();
      if (next) this.#present(next);
      // What had the focus before the call may have been drawn anew meanwhile.
      else if (!this.places.phone.contains(document.activeElement)) this.#home()?.focus();
      return;
    }
    if (call.phase === 'ended') this.#refresh();
    this.#draw();
  }

  /** A page in the background can say who is calling only by its title. */
  #title() {
    const call = this.call;
    const says = call?.phase === 'incoming' ? `${call.business.name} is calling` : call?.phase === 'connected' ? `In a call with ${call.business.name}` : '';
    document.title = says ? `${says} – ${this.title}` : this.title;
  }

  /** Where the focus goes when nothing else has it. */
  #home() {
    const { chat, list } = this.places;
    return [...chat.querySelectorAll('button'), ...list.querySelectorAll('button')].find((button) => button.checkVisibility({ visibilityProperty: true }));
  }

  /**
   * @param {{ id: string, name: string }} business
   * @param {string} [button] the message whose call button was tapped
   * @param {string} [payload] what the call link said that was followed
   */
  dial(business, button = '', payload = '') {
    if (this.call && !this.call.over) return;
    const call = this.#begin(business, 'USER_INITIATED');
    call.payload = payload;
    void call.dial(false, button);
  }

  /**
   * Calls as the link says, once: a page that is loaded again is an ordinary phone.
   * @param {{ id: string, name: string }} business
   */
  #follow(business) {
    const { payload } = this.followed;
    this.followed = { business: '', payload: '' };
    history.replaceState(null, '', `/phone?user=${this.places.phone.dataset.user}`);
    this.dial(business, '', payload);
    void this.#refresh();
  }

  /**
   * What the chat on the screen can do.
   * @returns {import('./chat.js').Acts}
   */
  #acts() {
    const there = () => this.businesses.find((one) => one.id === this.selected);
    /** @param {string} type @param {object} fields @param {() => void} [then] */
    const ask = (type, fields, then) => {
      this.chat.complain('');
      this.socket.request(type, fields).then(
        () => {
          then?.();
          return this.#refresh();
        },
        (error) => {
          this.chat.complain(error instanceof Error ? error.message : String(error));
          void this.#refresh();
        },
      );
    };
    const here = () => ({ business: this.selected });
    return {
      call: () => {
        const business = there();
        if (business) this.dial(business);
      },
      tap: (message) => {
        const business = there();
        if (business) this.dial(business, message);
      },
      follow: () => {
        const business = there();
        if (business) this.#follow(business);
      },
      callback: () => {
        const { selected } = this;
        ask('callback', here(), () => this.asked.add(selected));
      },
      info: () => ask('chat_info', here()),
      back: () => this.#leave(),
      send: async (text) => {
        await this.socket.request('write', { ...here(), text });
        await this.#refresh();
      },
      share: (message_id) => ask('share_number', { message_id }),
      reply: (message_id, reply) => ask('reply', { message_id, reply }),
      answer: (message_id, response) => ask('answer_request', { ...here(), message_id, response }),
      permit: (response) => ask('permission', { ...here(), response }),
      block: (blocked) => ask(blocked ? 'block' : 'unblock', here()),
      report: () => ask('report', here()),
    };
  }

  /** Back from the chat to the list. */
  #leave() {
    const left = this.selected;
    this.selected = '';
    this.chat.nothing();
    this.#list();
    for (const button of this.places.list.querySelectorAll('button')) if (button.dataset.business === left) button.focus();
  }

  #draw() {
    const [ring] = this.waiting;
    const waiting = ring && {
      name: ring.business.name,
      accept: () => {
        this.waiting = this.waiting.filter((other) => other !== ring);
        const before = this.call;
        this.call = null;
        before?.leave();
        void this.#present(ring).accept();
      },
      decline: () => {
        this.waiting = this.waiting.filter((other) => other !== ring);
        this.socket.request('reject', { call_id: ring.call_id }).catch(() => {});
        this.#draw();
      },
    };
    if (this.call) this.screen.show(this.call, waiting ?? null);
  }

  /** Reads the businesses and the open chat again. */
  async #refresh() {
    if (this.link !== 'online') return;
    try {
      const { businesses } = await this.socket.request('businesses');
      this.businesses = businesses;
      const [first] = this.businesses;
      if (!this.selected && WIDE.matches && first) this.selected = first.id;
      this.#list();
      if (this.selected) await this.#thread();
    } catch (error) {
      // With the next session they are read again.
      if (!(error instanceof PhoneError && error.code === 'session_lost')) console.warn('the chat could not be read', error);
    }
  }

  #list() {
    showBusinesses(this.places.list, this.businesses, this.selected, (business) => {
      this.selected = business.id;
      this.#list();
      void this.#thread().then(() => WIDE.matches || this.places.chat.querySelector('button')?.focus());
    });
    this.places.phone.classList.toggle('in-chat', !!this.selected);
  }

  async #thread() {
    const thread = await this.socket.request('thread', { business: this.selected });
    if (thread.business.id !== this.selected) return;
    const { id } = thread.business;
    this.chat.show({ ...thread, notes: { linked: this.followed.business === id, asked: this.asked.has(id) } });
    // Read is what a person can see.
    if (thread.unread && !document.hidden) this.socket.request('open', { business: this.selected }).catch(() => {});
  }
}
