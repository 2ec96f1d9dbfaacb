// The sounds the phone makes for its owner: ringing, waiting, keys. Short and quiet.

/** @typedef {{ at: number, seconds: number, hz: number[] }} Note a chord within a pattern */

const RATE = 24_000;
const RING = { seconds: 3, level: 0.12, notes: [{ at: 0, seconds: 0.22, hz: [659.3] }, { at: 0.24, seconds: 0.22, hz: [880] }, { at: 0.7, seconds: 0.22, hz: [659.3] }, { at: 0.94, seconds: 0.34, hz: [880] }] };
const WAIT = { seconds: 3, level: 0.05, notes: [{ at: 0, seconds: 0.8, hz: [400, 450] }] };
const END = { seconds: 0.5, level: 0.06, notes: [{ at: 0, seconds: 0.12, hz: [440] }, { at: 0.16, seconds: 0.18, hz: [330] }] };

const ROWS = [697, 770, 852, 941];
const COLUMNS = [1209, 1336, 1477];
const KEYS = '123456789*0#';

/**
 * A pattern as samples, with soft edges so that nothing clicks.
 * @param {BaseAudioContext} context
 * @param {{ seconds: number, level: number, notes: Note[] }} pattern
 */
function render(context, { seconds, level, notes }) {
  const buffer = context.createBuffer(1, Math.ceil(RATE * seconds), RATE);
  const samples = buffer.getChannelData(0);
  for (const note of notes) {
    const count = Math.floor(note.seconds * RATE);
    for (let n = 0; n < count; n++) {
      const edge = Math.min(1, n / 240, (count - n) / 480);
      const value = note.hz.reduce((sum, hz) => sum + Math.sin((2 * Math.PI * hz * n) / RATE), 0) / note.hz.length;
      samples[Math.floor(note.at * RATE) + n] = level * edge * value;
    }
  }
  return buffer;
}

export class Tones {
  constructor() {
    /** @type {AudioContext | null} */
    this.shared = null;
    /** @type {AudioBufferSourceNode | null} */
    this.loop = null;
    // Browsers keep a page silent until its user touches it; from then on a ring can be heard.
    const wake = () => this.context().resume().catch(() => {});
    for (const kind of ['pointerdown', 'keydown']) addEventListener(kind, wake, { capture: true, passive: true });
  }

  /** Made on first use: browsers complain about one made earlier. */
  context() {
    this.shared ??= new AudioContext();
    return this.shared;
  }

  /**
   * @param {{ seconds: number, level: number, notes: Note[] }} pattern
   * @param {boolean} loop
   */
  #play(pattern, loop) {
    const context = this.context();
    const source = context.createBufferSource();
    source.buffer = render(context, pattern);
    source.loop = loop;
    source.connect(context.destination);
    source.start();
    if (context.state === 'suspended') context.resume().catch(() => {});
    return source;
  }

  /** Rings until stopped. */
  ring() {
    this.stop();
    this.loop = this.#play(RING, true);
  }
  /** The far end rings: until stopped. */
  wait() {
    this.stop();
    this.loop = this.#play(WAIT, true);
  }
  /** A call is over. */
  end() {
    this.stop();
    this.#play(END, false);
  }
  /**
   * A key was pressed.
   * @param {string} digit
   */
  key(digit) {
    const at = KEYS.indexOf(digit);
    const hz = [ROWS[Math.floor(at / 3)] ?? 0, COLUMNS[at % 3] ?? 0];
    if (at >= 0) this.#play({ seconds: 0.1, level: 0.04, notes: [{ at: 0, seconds: 0.1, hz }] }, false);
  }
  stop() {
    this.loop?.stop();
    this.loop = null;
  }

  /** A track of silence, for a caller without a microphone: an ear that sends nothing at all would be taken for a dead line. */
  silence() {
    const context = this.context();
    context.resume().catch(() => {});
    const destination = context.createMediaStreamDestination();
    // A destination nothing is connected to makes no samples at all.
    const source = new ConstantSourceNode(context, { offset: 0 });
    source.connect(destination);
    source.start();
    const [track] = destination.stream.getAudioTracks();
    if (!track) throw new Error('The browser makes no sound.');
    return track;
  }
}
