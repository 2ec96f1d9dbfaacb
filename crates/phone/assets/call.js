// One call as this page knows it: from the first ring to the sentence that says why it is over.

import { Media } from './media.js';
import { NoMicrophone, openMicrophone } from './microphone.js';

/**
 * asking: waiting for the microphone · no-microphone: the user has to decide · dialling: the server is asked ·
 * ringing: the far end rings · incoming: this phone rings · answering: picked up, not yet connected ·
 * connected · ended: the sentence is shown · closed: the screen is gone
 * @typedef {'asking' | 'no-microphone' | 'dialling' | 'ringing' | 'incoming' | 'answering' | 'connected' | 'ended' | 'closed'} Phase
 * @typedef {{ socket: import('./phone-socket.js').PhoneSocket, tones: import('./tones.js').Tones, audio: HTMLAudioElement }} Phone
 */

export class Call extends EventTarget {
  /**
   * @param {Phone} phone
   * @param {{ id: string, name: string }} business
   * @param {import('./types.js').Direction} direction
   */
  constructor(phone, business, direction) {
    super();
    this.phone = phone;
    this.business = business;
    this.direction = direction;
    this.id = '';
    /** The message whose call button the user tapped. */
    this.button = '';
    /** What the call link said that was followed. */
    this.payload = '';
    /** @type {Phase} */
    this.phase = direction === 'USER_INITIATED' ? 'asking' : 'incoming';
    /** Why the call is over, or why there is no microphone. */
    this.reason = '';
    /** Something about the call worth a line. */
    this.note = '';
    this.muted = false;
    this.listening = false;
    this.digits = '';
    /** When both sides heard each other, in milliseconds of `performance.now()`. */
    this.connectedAt = 0;
    /** How long they did, in seconds. */
    this.lasted = 0;
    /** @type {Media | null} */
    this.media = null;
    /** @type {Promise<void>} The media is prepared. */
    this.prepared = Promise.resolve();
  }

  get incoming() {
    return this.direction === 'BUSINESS_INITIATED';
  }
  get over() {
    return this.phase === 'ended' || this.phase === 'closed';
  }

  /** @param {Phase} phase */
  #go(phase) {
    this.phase = phase;
    this.#changed();
  }
  #changed() {
    this.dispatchEvent(new Event('change'));
  }

  /**
   * Opens the microphone, unless the user wants to do without. `null`: there is none, or the call is over meanwhile.
   * @param {boolean} without
   */
  async #voice(without) {
    this.listening = without;
    this.#go('asking');
    try {
      const track = without ? this.phone.tones.silence() : await openMicrophone();
      if (!this.over) return track;
      track?.stop();
    } catch (error) {
      if (this.over) return null;
      this.reason = error instanceof NoMicrophone ? error.message : String(error);
      this.#go('no-microphone');
    }
    return null;
  }

  /**
   * Places the call.
   * @param {boolean} [without] without a microphone
   * @param {string} [button] the message whose call button was tapped
   */
  async dial(without = false, button = this.button) {
    this.button = button;
    const track = await this.#voice(without);
    if (!track) return;
    // Made ready while the server is asked: the business may answer at once.
    this.media = this.#connection();
    this.#go('dialling');
    try {
      const { call_id, sdp } = await (button ? this.phone.socket.request('tap', { message_id: button }) : this.phone.socket.request('call', { to: this.business.id, deeplink_payload: this.payload || null }));
      this.id = call_id;
      if (this.over) {
        track.stop();
        this.#ask('hang_up');
        return;
      }
      this.#go('ringing');
      this.phone.tones.wait();
      await this.#prepare(this.media, sdp, track);
    } catch (error) {
      track.stop();
      this.#fail(error);
    }
  }

  /**
   * A business calls: the connection is brought up while it rings, the microphone stays shut.
   * @param {import('./types.js').Ring} ring
   */
  ring(ring) {
    this.id = ring.call_id;
    this.media = this.#connection();
    this.prepared = this.#prepare(this.media, ring.sdp, null);
    this.prepared.catch((error) => console.warn('the sound is not prepared', error));
  }

  #connection() {
    return new Media(this.phone.audio, () => this.#cut());
  }

  /**
   * @param {Media} media
   * @param {string} offer
   * @param {MediaStreamTrack | null} track
   */
  async #prepare(media, offer, track) {
    const sdp = await media.answer(offer, track);
    await this.phone.socket.request('sdp', { call_id: this.id, sdp });
  }

  /**
   * Takes the business's call.
   * @param {boolean} [without] without a microphone
   */
  async accept(without = false) {
    this.phone.tones.stop();
    const track = await this.#voice(without);
    if (!track) return;
    try {
      await this.prepared;
      await this.media?.speak(track);
      this.#go('answering');
      await this.phone.socket.request('answer', { call_id: this.id });
    } catch (error) {
      track.stop();
      this.#ask('hang_up');
      this.#fail(error);
    }
  }

  /** Declines a ringing call, gives up an outgoing one, hangs up a connected one. */
  leave() {
    if (this.over) return;
    const unanswered = this.incoming && this.phase !== 'connected' && this.phase !== 'answering';
    const sentences = { connected: 'You hung up.', out: 'You hung up before the business answered.', in: 'You declined the call.' };
    if (this.id) this.#ask(unanswered ? 'reject' : 'hang_up');
    if (this.phase === 'connected' || this.phase === 'answering') this.finish(sentences.connected);
    else if (unanswered) this.finish(sentences.in);
    else if (this.id || this.phase === 'dialling') this.finish(sentences.out);
    // Nobody was called yet: there is nothing to tell.
    else this.close();
  }

  /** Both sides hear each other. */
  connected() {
    if (this.over) return;
    this.phone.tones.stop();
    this.connectedAt = performance.now();
    this.#go('connected');
  }

  /**
   * The call is over.
   * @param {string} reason one sentence
   */
  finish(reason) {
    if (this.over) return;
    if (this.phase === 'connected') this.lasted = (performance.now() - this.connectedAt) / 1000;
    this.reason = reason;
    this.media?.close();
    this.phone.tones.end();
    this.#go('ended');
  }

  /** The screen goes. */
  close() {
    if (!this.over) {
      this.media?.close();
      this.phone.tones.stop();
    }
    this.#go('closed');
  }

  toggleMute() {
    this.muted = !this.muted;
    this.media?.mute(this.muted);
    this.#changed();
  }

  /**
   * Presses a key.
   * @param {string} digit
   */
  press(digit) {
    if (this.phase !== 'connected') return;
    if (this.media?.press(digit)) {
      this.phone.tones.key(digit);
      this.digits = (this.digits + digit).slice(-24);
    } else {
      this.note = 'This call does not take keys.';
    }
    this.#changed();
  }

  /** @param {'hang_up' | 'reject'} act */
  #ask(act) {
    // It may be over at the far end already; the call here is.
    this.phone.socket.request(act, { call_id: this.id }).catch(() => {});
  }

  /** @param {unknown} error */
  #fail(error) {
    if (this.over) return;
    if (this.id && !this.incoming) this.#ask('hang_up');
    this.finish(error instanceof DOMException ? `The browser could not set up the sound (${error.name}).` : error instanceof Error ? error.message : String(error));
  }

  /** The connection for the sound is gone. */
  #cut() {
    if (this.over) return;
    if (this.phase === 'incoming') {
      this.note = 'The connection for the sound could not be made.';
      return this.#changed();
    }
    this.#ask('hang_up');
    this.finish('The connection for the sound was lost.');
  }
}
