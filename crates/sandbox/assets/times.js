// Times in words: from the start of a call, on both clocks.

/** The two clocks count as apart from this many milliseconds on: a jump, not the rounding of two readings. */
const APART = 1000;

const DAY = 86_400_000;

/** @param {number} n @param {number} digits */
const pad = (n, digits) => String(n).padStart(digits, '0');

/**
 * A span with its sign: `+0.412 s`, `+1:05.000`, `+2 d 03:00:00`.
 * @param {number} ms
 */
export function span(ms) {
  const sign = ms < 0 ? '−' : '+';
  const all = Math.abs(Math.round(ms));
  if (all < 60_000) return `${sign}${(all / 1000).toFixed(3)} s`;
  const [days, hours, minutes] = [Math.floor(all / DAY), Math.floor(all / 3_600_000) % 24, Math.floor(all / 60_000) % 60];
  const seconds = Math.floor(all / 1000) % 60;
  if (days > 0) return `${sign}${days} d ${pad(hours, 2)}:${pad(minutes, 2)}:${pad(seconds, 2)}`;
  if (hours > 0) return `${sign}${hours}:${pad(minutes, 2)}:${pad(seconds, 2)}`;
  return `${sign}${minutes}:${pad(seconds, 2)}.${pad(all % 1000, 3)}`;
}

/**
 * The time of day on the wall: `12:03:05.120`.
 * @param {number} ms Unix milliseconds
 */
export function clock(ms) {
  const at = new Date(ms);
  return `${pad(at.getHours(), 2)}:${pad(at.getMinutes(), 2)}:${pad(at.getSeconds(), 2)}.${pad(at.getMilliseconds(), 3)}`;
}

/**
 * What stands before an entry: its place in real time, and in rule time where that is another one.
 * @param {{ at_ms: number, real_ms: number }} entry
 * @param {{ at_ms: number, real_ms: number } | undefined} start the call's start; none for what belongs to no call
 * @returns {{ real: string, rule: string | null, title: string }}
 */
export function offset(entry, start) {
  const title = `Rule time ${new Date(entry.at_ms).toISOString()}, real time ${new Date(entry.real_ms).toISOString()}`;
  if (!start) {
    const apart = Math.abs(entry.at_ms - entry.real_ms) > APART;
    return { real: clock(entry.real_ms), rule: apart ? new Date(entry.at_ms).toISOString().slice(0, 19).replace('T', ' ') : null, title };
  }
  const [real, rule] = [entry.real_ms - start.real_ms, entry.at_ms - start.at_ms];
  return { real: span(real), rule: Math.abs(real - rule) > APART ? span(rule) : null, title };
}
