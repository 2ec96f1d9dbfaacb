// Sound for the fake microphone, and judging what came back. The same measures as interop/python/ahoy_interop/sound.py.
import { writeFileSync } from 'node:fs';

/** Writes a mono 48 kHz WAV of a sine; whole cycles, so that Chromium's loop over the file has no seam. */
export function writeTone(path, hz, seconds) {
  const rate = 48_000;
  const count = rate * seconds;
  const file = Buffer.alloc(44 + 2 * count);
  file.write('RIFF', 0);
  file.writeUInt32LE(36 + 2 * count, 4);
  file.write('WAVEfmt ', 8);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(1, 22);
  file.writeUInt32LE(rate, 24);
  file.writeUInt32LE(2 * rate, 28);
  file.writeUInt16LE(2, 32);
  file.writeUInt16LE(16, 34);
  file.write('data', 36);
  file.writeUInt32LE(2 * count, 40);
  for (let n = 0; n < count; n++) file.writeInt16LE(Math.round(8000 * Math.sin((2 * Math.PI * hz * n) / rate)), 44 + 2 * n);
  writeFileSync(path, file);
}

/** Power of one frequency in a stretch of samples (Goertzel), as a share of the stretch's whole power: near 1 for a pure tone. */
export function share(samples, rate, hz) {
  let [re, im, power] = [0, 0, 0];
  samples.forEach((sample, n) => {
    const angle = (2 * Math.PI * hz * n) / rate;
    re += sample * Math.cos(angle);
    im += sample * Math.sin(angle);
    power += sample * sample;
  });
  return power > 0 ? (2 * (re * re + im * im)) / samples.length / power : 0;
}

export function level(samples) {
  return 10 * Math.log10(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length || 1e-12);
}

/** Seconds since the start of `frames` (20 ms each) at which a tone within 1 % of `hz` begins and the longest run of it. */
export function tone(frames, rate, hz) {
  // 60 ms at a time: enough to tell 1 % apart from its neighbours by their share.
  const group = 3;
  let run = { start: 0, length: 0 };
  let best = { start: 0, length: 0 };
  for (let n = 0; n + group <= frames.length; n++) {
    const stretch = frames.slice(n, n + group).flat();
    const clear = level(stretch) > -45 && Math.max(share(stretch, rate, hz), share(stretch, rate, hz * 0.99), share(stretch, rate, hz * 1.01)) > 0.8;
    run = clear ? { start: run.length ? run.start : n, length: run.length + 1 } : { start: 0, length: 0 };
    if (run.length > best.length) best = { ...run };
  }
  return { start: best.start / 50, seconds: best.length ? (best.length + group - 1) / 50 : 0, from: best.start, to: best.start + best.length + group - 1 };
}

/** The dominant pitch in Hz of a stretch, to well under 1 %: a coarse grid over its first 100 ms, then a fine search; null in silence. */
export function pitch(samples, rate) {
  if (!samples.length || level(samples) < -45) return null;
  const strongest = (stretch, grid) => grid.reduce((best, hz) => (share(stretch, rate, hz) > share(stretch, rate, best) ? hz : best));
  const range = (from, to, step) => Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, n) => from + n * step);
  let at = strongest(samples.slice(0, rate / 10), range(80, 3400, 5));
  for (const step of [1, 0.2]) at = strongest(samples, range(at - 5 * step, at + 5 * step, step));
  return at;
}

/** Frames (20 ms) at which a steady tone's phase jumps by more than 0.6 radians: content lost, doubled or spliced. */
export function cuts(frames, rate, hz) {
  const size = frames[0]?.length ?? 0;
  const phases = frames.map((frame, index) => {
    let [re, im] = [0, 0];
    frame.forEach((sample, n) => {
      const window = 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / size);
      const angle = (2 * Math.PI * hz * (index * size + n)) / rate;
      re += sample * window * Math.cos(angle);
      im += sample * window * Math.sin(angle);
    });
    return Math.atan2(im, re);
  });
  const wrap = (angle) => Math.atan2(Math.sin(angle), Math.cos(angle));
  const steps = phases.slice(2).map((phase, n) => wrap(phase - phases[n]));
  const median = [...steps].sort((a, b) => a - b)[steps.length >> 1] ?? 0;
  return steps.flatMap((step, n) => (Math.abs(wrap(step - median)) > 0.6 ? [n] : []));
}
