// The microphone, or why there is none, in plain words.

/** Why there is no microphone. */
export class NoMicrophone extends Error {}

/** @type {{ [name: string]: string }} */
const REASONS = {
  NotAllowedError: 'The browser was denied the microphone. Allow it for this page and try again.',
  SecurityError: 'The browser was denied the microphone. Allow it for this page and try again.',
  NotFoundError: 'No microphone was found on this device.',
  OverconstrainedError: 'No microphone was found on this device.',
  NotReadableError: 'The microphone cannot be read. Another program may be using it.',
  AbortError: 'The microphone cannot be read. Another program may be using it.',
};

/**
 * Opens the microphone.
 * @returns {Promise<MediaStreamTrack>}
 */
export async function openMicrophone() {
  if (!window.isSecureContext || !navigator.mediaDevices) {
    throw new NoMicrophone('This page must be opened on localhost or over https to use the microphone.');
  }
  try {
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
    });
    const [track] = stream.getAudioTracks();
    if (!track) throw new DOMException('', 'NotFoundError');
    return track;
  } catch (error) {
    const name = error instanceof DOMException ? error.name : '';
    throw new NoMicrophone(REASONS[name] ?? `The microphone could not be opened (${name || String(error)}).`);
  }
}
