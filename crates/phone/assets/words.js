// Times, lengths and names as people read them.

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const date = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long' });

/** @param {number} seconds Unix seconds */
export const timeOf = (seconds) => clock.format(new Date(seconds * 1000));

/** @param {number} seconds Unix seconds */
export const dayOf = (seconds) => date.format(new Date(seconds * 1000));

/**
 * A running length: 0:07, 12:30, 1:02:03.
 * @param {number} seconds
 */
export function timer(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  const tail = `${hours ? String(minutes).padStart(2, '0') : minutes}:${String(rest).padStart(2, '0')}`;
  return hours ? `${hours}:${tail}` : tail;
}

/**
 * A length in words: 7 s, 2 min 5 s, 1 h 3 min.
 * @param {number} seconds
 */
export function length(seconds) {
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60];
  const parts = hours ? [`${hours} h`, minutes && `${minutes} min`] : [minutes && `${minutes} min`, (rest || !minutes) && `${rest} s`];
  return parts.filter(Boolean).join(' ');
}

/**
 * The letters in a round picture.
 * @param {string} name
 */
export function initials(name) {
  const letters = name.split(/\s+/).map((word) => [...word][0] ?? '').filter((letter) => /\p{L}/u.test(letter));
  return letters.slice(0, 2).join('').toUpperCase() || '#';
}
