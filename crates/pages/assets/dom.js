// Small helpers to build elements.

/**
 * @typedef {Node | string | null | undefined | false} Child
 * @typedef {{ [name: string]: string | number | boolean | null | undefined | ((event: any) => void) }} Attributes
 */

/**
 * An element with attributes and children. `on…` functions become listeners; `null` and `false` leave an attribute out.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Attributes} [attributes]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? '' : String(value));
  }
  for (const child of children) if (child) element.append(child);
  return element;
}

/**
 * The element of the page with this id.
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} kind
 * @returns {T}
 */
export function find(id, kind) {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`The page has no #${id}.`);
  return element;
}

const HANDSET =
  'M6.6 3.5 9 3a1 1 0 0 1 1.1.6l1.2 3a1 1 0 0 1-.3 1.1L9.4 9a12 12 0 0 0 5.6 5.6l1.3-1.6a1 1 0 0 1 1.1-.3l3 1.2a1 1 0 0 1 .6 1.1l-.5 2.4a2.6 2.6 0 0 1-2.6 2.1A14.4 14.4 0 0 1 4.500 6.100a2.600 2.600 0 0 1 2.100-2.600Z';

/** @type {{ [name: string]: string }} */
const DRAWINGS = {
  call: HANDSET,
  hangup: HANDSET,
  mute: 'M9 6a3 3 0 0 1 6 0v5a3 3 0 0 1-6 0V6ZM6 11a6 6 0 0 0 12 0M12 17v3.500M9 20.500h6M4 4l16 16',
  keypad: 'M6 5h.01M12 5h.01M18 5h.01M6 11h.01M12 11h.01M18 11h.01M6 17h.01M12 17h.01M18 17h.01M12 22h.01',
  back: 'M15 5l-7 7 7 7',
  out: 'M7 17 17 7M9 7h8v8',
  in: 'M17 7 7 17M15 17H7V9',
  close: 'M6 6l12 12M18 6 6 18',
  tick: 'M5 13l4.500 4.500L19 7',
  send: 'M4 12h14M12 5l7 7-7 7',
  info: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 11v5M12 8h.01',
};
const FILLED = new Set(['call', 'hangup']);

/**
 * A picture that says nothing to a screen reader: the button around it has the name.
 * @param {string} name
 */
export function icon(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('class', `icon icon-${name}${FILLED.has(name) ? ' filled' : ''}`);
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  path.setAttribute('d', DRAWINGS[name] ?? '');
  svg.append(path);
  return svg;
}
