// The phone's socket: a session that survives the loss of its connection (docs/phone-protocol.md).

/**
 * @typedef {import('./types.js').Welcome} Welcome
 * @typedef {import('./types.js').Event} Event
 * @typedef {import('./types.js').Problem} Problem
 * @typedef {'connecting' | 'online' | 'away' | 'replaced' | 'renumbered' | 'refused'} Link
 * @typedef {{ text: string, resolve: (result: any) => void, reject: (error: PhoneError) => void }} Pending
 */

const VERSION = 1;
/** Milliseconds before each attempt to connect again. */
const WAITS = [0, 250, 500, 1000, 2000, 4000];

/** Why a request was refused, in words for people. */
export class PhoneError extends Error {
  /** @param {Problem} problem */
  constructor(problem) {
    super(problem.message);
    this.code = problem.code;
  }
}

export class PhoneSocket {
  /**
   * @param {string} user
   * @param {object} uses
   * @param {() => string[]} uses.holds ids of the calls whose media this page has
   * @param {(welcome: Welcome) => void} uses.onWelcome
   * @param {(event: Event) => void} uses.onEvent
   * @param {(link: Link, why: string) => void} uses.onLink
   */
  constructor(user, uses) {
    this.user = user;
    this.uses = uses;
    /** @type {WebSocket | null} */
    this.socket = null;
    this.session = '';
    this.seen = 0;
    this.nextId = 1;
    this.attempt = 0;
    this.over = false;
    /** The number of the user's other phone, where the user has another number now. */
    this.moved = '';
    /** @type {Map<string, Pending>} */
    this.pending = new Map();
    addEventListener('online', () => this.#hurry());
  }

  /** Connects, and again whenever the connection is lost. */
  connect() {
    this.over = false;
    clearTimeout(this.retry);
    const address = new URL('/phone/socket', location.href);
    address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(address);
    this.socket = socket;
    socket.addEventListener('open', () => this.#hello());
    socket.addEventListener('message', ({ data }) => this.socket === socket && this.#take(JSON.parse(data)));
    socket.addEventListener('close', () => this.socket === socket && this.#lost());
  }

  /**
   * Asks for something; the same request is repeated by itself if the connection is lost meanwhile.
   * @param {string} type
   * @param {object} [fields]
   * @returns {Promise<any>}
   */
  request(type, fields = {}) {
    const id = String(this.nextId++);
    const text = JSON.stringify({ type, id, ...fields });
    return new Promise((resolve, reject) => {
      this.pending.set(id, { text, resolve, reject });
      if (this.session) this.#send(text);
    });
  }

  /** Switches the phone off: its calls end now. */
  close() {
    this.over = true;
    clearTimeout(this.retry);
    this.#send(JSON.stringify({ type: 'bye' }));
    this.socket?.close();
    this.socket = null;
    this.#forget();
  }

  /** @param {string} text */
  #send(text) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(text);
  }

  #hello() {
    const who = this.session ? { session: this.session, seq: this.seen } : { user: this.user, calls: this.uses.holds() };
    this.#send(JSON.stringify({ type: 'hello', version: VERSION, ...who }));
  }

  /** @param {any} message */
  #take(message) {
    if (message.seq && message.type !== 'welcome') {
      if (message.seq <= this.seen) return;
      this.seen = message.seq;
    }
    switch (message.type) {
      case 'welcome':
        return this.#welcome(message);
      case 'result':
      case 'error':
        return this.#answered(message);
      case 'bye':
        this.moved = message.user ?? '';
        return this.#dismissed(message.code, message.message);
      default:
        this.uses.onEvent(message);
    }
  }

  /** @param {Welcome} welcome */
  #welcome(welcome) {
    this.attempt = 0;
    this.session = welcome.session;
    if (!welcome.resumed) this.seen = 0;
    this.uses.onLink('online', '');
    this.uses.onWelcome(welcome);
    for (const { text } of this.pending.values()) this.#send(text);
  }

  /** @param {{ type: 'result' | 'error', id?: string, result?: any, error: Problem }} message */
  #answered(message) {
    if (!this.session || !message.id) return this.#refusedHello(message.error);
    const pending = this.pending.get(message.id);
    this.pending.delete(message.id);
    if (message.type === 'result') pending?.resolve(message.result);
    else pending?.reject(new PhoneError(message.error));
  }

  /** @param {Problem} problem */
  #refusedHello(problem) {
    const gone = problem.code === 'unknown_session' || problem.code === 'resume_gap';
    if (this.session && gone) {
      // The server waited long enough: what was asked of the old session has no answer any more.
      this.#forget();
      return this.#hello();
    }
    if (problem.code === 'full') return this.socket?.close();
    this.over = true;
    this.socket?.close();
    this.uses.onLink('refused', problem.message);
  }

  /**
   * @param {string} code
   * @param {string} why
   */
  #dismissed(code, why) {
    this.over = true;
    this.#forget();
    if (code === 'replaced') this.uses.onLink('replaced', why);
    else this.uses.onLink(code === 'number_changed' ? 'renumbered' : 'refused', why);
  }

  #forget() {
    this.session = '';
    this.seen = 0;
    const lost = new PhoneError({ code: 'session_lost', message: 'The connection to the server was lost for too long.' });
    for (const { reject } of this.pending.values()) reject(lost);
    this.pending.clear();
  }

  #lost() {
    this.socket = null;
    if (this.over) return;
    const wait = WAITS[Math.min(this.attempt++, WAITS.length - 1)];
    this.uses.onLink('away', 'The connection to the server is lost. Trying again …');
    this.retry = setTimeout(() => this.connect(), wait);
  }

  #hurry() {
    if (!this.over && !this.socket) this.connect();
  }
}
