// The sound of one call: a peer connection to the server, which offers and is ICE-lite.

/** Milliseconds a key sounds, and the pause between two. */
const KEY = [120, 80];

export class Media {
  /**
   * @param {HTMLAudioElement} audio plays what comes in
   * @param {() => void} onFailed the connection is gone for good
   */
  constructor(audio, onFailed) {
    this.audio = audio;
    /** @type {MediaStreamTrack | null} */
    this.track = null;
    const peer = new RTCPeerConnection();
    this.peer = peer;
    /** @type {RTCRtpTransceiver | undefined} */
    this.transceiver = undefined;
    peer.addEventListener('track', ({ track }) => {
      audio.srcObject = new MediaStream([track]);
      audio.play().catch(() => {});
    });
    peer.addEventListener('connectionstatechange', () => peer.connectionState === 'failed' && onFailed());
  }

  /**
   * Answers the server's offer. Without a track the connection comes up all the same and sends nothing.
   * The server finds us by our checks, so there is no need to wait for candidates.
   * @param {string} offer
   * @param {MediaStreamTrack | null} track
   * @returns {Promise<string>} the answer
   */
  async answer(offer, track) {
    await this.peer.setRemoteDescription({ type: 'offer', sdp: offer });
    const [transceiver] = this.peer.getTransceivers();
    if (!transceiver) throw new Error('The server offered no sound.');
    transceiver.direction = 'sendrecv';
    this.transceiver = transceiver;
    if (track) await this.speak(track);
    const answer = await this.peer.createAnswer();
    await this.peer.setLocalDescription(answer);
    return answer.sdp ?? '';
  }

  /**
   * Sends this track from now on; it is stopped with the call.
   * @param {MediaStreamTrack} track
   */
  async speak(track) {
    this.track = track;
    await this.transceiver?.sender.replaceTrack(track);
  }

  /**
   * Silence is still sent: the line stays up.
   * @param {boolean} muted
   */
  mute(muted) {
    if (this.track) this.track.enabled = !muted;
  }

  /**
   * Sends a key as a telephone event; says whether the far end takes them.
   * @param {string} digit
   */
  press(digit) {
    const dtmf = this.transceiver?.sender.dtmf;
    if (!dtmf?.canInsertDTMF) return false;
    // A new text replaces what has not sounded yet.
    dtmf.insertDTMF(dtmf.toneBuffer + digit, ...KEY);
    return true;
  }

  close() {
    this.track?.stop();
    this.peer.close();
    this.audio.srcObject = null;
  }
}
