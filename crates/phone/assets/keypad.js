// The keypad of a connected call.

import { el } from './dom.js';

const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'];
/** @type {{ [digit: string]: string }} */
const LETTERS = { 2: 'ABC', 3: 'DEF', 4: 'GHI', 5: 'JKL', 6: 'MNO', 7: 'PQRS', 8: 'TUV', 9: 'WXYZ' };

/**
 * @param {string} key of a keyboard event
 */
export const isDigit = (key) => KEYS.includes(key);

/** @param {(digit: string) => void} press */
export function keypad(press) {
  const buttons = new Map(
    KEYS.map((digit) => [
      digit,
      el('button', { type: 'button', class: 'key', 'aria-label': digit, onclick: () => press(digit) },
        el('span', {}, digit), el('small', { 'aria-hidden': 'true' }, LETTERS[digit] ?? ' ')),
    ]),
  );
  const shown = el('output', { class: 'digits', 'aria-label': 'Digits sent' });
  const element = el('div', { class: 'keypad', id: 'keypad', role: 'group', 'aria-label': 'Keypad', hidden: true }, shown, el('div', { class: 'keys' }, ...buttons.values()));
  return {
    element,
    /** @param {string} digits */
    show(digits) {
      if (shown.textContent !== digits) shown.textContent = digits;
    },
    /**
     * Shows that a key was pressed on the keyboard.
     * @param {string} digit
     */
    flash(digit) {
      const button = buttons.get(digit);
      button?.classList.add('pressed');
      setTimeout(() => button?.classList.remove('pressed'), 150);
    },
  };
}
