// The rows of the time line: drawing, putting in their place, opening.

import { details } from './details.js';
import { el } from './dom.js';
import { offset } from './times.js';

/** Rows drawn at once; earlier ones come on request. */
const STEP = 400;

/** @typedef {import('./log.js').Row} Row @typedef {import('./types.js').Entry} Entry */

/** @type {{ [kind: string]: string }} */
const NAMES = { api: 'API', sandbox: 'Sandbox', admin: 'Admin', webhook: 'Webhook', media: 'Media', verdict: 'Verdict', call: 'Call', clock: 'Clock', reset: 'Reset' };

/** @param {Entry} entry */
function outcome({ kind, what }) {
  if (kind === 'webhook') {
    if (what.phase === 'started') return 'under way';
    return what.status ? String(what.status) : 'no answer';
  }
  if (kind === 'api' || kind === 'sandbox' || kind === 'admin') return what.status ? String(what.status) : 'left';
  return '';
}

export class Rows {
  /**
   * @param {HTMLElement} list
   * @param {HTMLButtonElement} earlier
   * @param {{ log: import('./log.js').Log, filters: import('./filters.js').Filters, sandbox: import('./curl.js').Sandbox }} known
   */
  constructor(list, earlier, known) {
    this.list = list;
    this.earlier = earlier;
    this.known = known;
    /** @type {Map<number, HTMLLIElement>} */
    this.drawn = new Map();
    this.most = STEP;
    earlier.addEventListener('click', () => {
      this.most += STEP;
      this.draw();
    });
  }

  /** @param {Row} row */
  shown(row) {
    return this.known.filters.takes(row.entry, this.known.log.newest()?.id);
  }

  /** Everything anew: the filters changed. What was open stays open. */
  draw() {
    const open = new Set([...this.drawn].filter(([, item]) => item.querySelector('.inside')).map(([key]) => key));
    const focused = this.list.contains(document.activeElement) ? document.activeElement?.closest('li')?.dataset.key : undefined;
    const fitting = this.known.log.rows.filter((row) => this.shown(row));
    const hidden = Math.max(0, fitting.length - this.most);
    this.earlier.hidden = hidden === 0;
    this.earlier.textContent = `Show earlier (${hidden})`;
    this.drawn.clear();
    this.list.replaceChildren(
      ...fitting.slice(hidden).map((row) => {
        const item = this.item(row);
        if (open.has(row.key)) this.open(item, row);
        return item;
      }),
    );
    this.keepOneStop();
    if (focused) this.button(this.drawn.get(Number(focused)))?.focus();
  }

  /**
   * A row that is new, or that goes on.
   * @param {Row} row
   * @param {boolean} fresh
   */
  put(row, fresh) {
    const old = this.drawn.get(row.key);
    if (!fresh && old) {
      if (!this.shown(row)) {
        this.remove(row.key);
        return;
      }
      const [wasOpen, had] = [old.querySelector('.inside') !== null, old.contains(document.activeElement)];
      const item = this.item(row);
      old.replaceWith(item);
      if (wasOpen) this.open(item, row);
      if (had) this.button(item)?.focus();
      this.keepOneStop();
      return;
    }
    if (!this.shown(row)) return;
    const item = this.item(row);
    // Nearly always the last; a request is told when it is answered and stands where it began.
    let after = this.list.lastElementChild;
    while (after instanceof HTMLLIElement && this.isLater(after, row)) after = after.previousElementSibling;
    if (after) after.after(item);
    else this.list.prepend(item);
    if (this.list.childElementCount > this.most) {
      const first = this.list.firstElementChild;
      if (first instanceof HTMLLIElement && !first.contains(document.activeElement)) this.remove(Number(first.dataset.key));
      this.earlier.hidden = false;
      const all = this.known.log.rows.filter((row) => this.shown(row)).length;
      this.earlier.textContent = `Show earlier (${all - this.list.childElementCount})`;
    }
    this.keepOneStop();
  }

  /** @param {HTMLLIElement} item @param {Row} row */
  isLater(item, row) {
    const [real, key] = [Number(item.dataset.real), Number(item.dataset.key)];
    return real === row.entry.real_ms ? key > row.key : real > row.entry.real_ms;
  }

  /** @param {number} key */
  remove(key) {
    this.drawn.get(key)?.remove();
    this.drawn.delete(key);
  }

  /** @param {HTMLLIElement | null | undefined} item */
  button(item) {
    const button = item?.querySelector('.line');
    return button instanceof HTMLButtonElement ? button : null;
  }

  /** One row at a time is a stop of the Tab key; arrows go from row to row. */
  keepOneStop() {
    if (this.list.querySelector('.line[tabindex="0"]')) return;
    this.button(/** @type {HTMLLIElement | null} */ (this.list.lastElementChild))?.setAttribute('tabindex', '0');
  }

  /** @param {Row} row */
  item(row) {
    const { entry, key } = row;
    const start = entry.call_id ? this.known.log.calls.get(entry.call_id) : this.known.filters.call ? this.chosen() : undefined;
    const { real, rule, title } = offset(entry, start);
    const button = el('button', { type: 'button', class: 'line', tabindex: '-1', 'aria-expanded': 'false', onclick: () => this.toggle(item, row) },
      el('span', { class: 'when', title }, real, rule && el('span', { class: 'rule' }, `rule ${rule}`)),
      el('span', { class: 'kind' }, NAMES[entry.kind] ?? entry.kind),
      el('span', { class: 'text' }, entry.text),
      el('span', { class: 'outcome' }, outcome(entry), entry.failed && el('span', { class: 'unseen' }, ' failed')),
    );
    const item = el('li', { class: `row kind-${entry.kind}${entry.failed ? ' failed' : ''}`, 'data-key': key, 'data-seq': entry.seq, 'data-kind': entry.kind, 'data-real': entry.real_ms, 'data-call': entry.call_id }, button);
    this.drawn.set(key, item);
    return item;
  }

  chosen() {
    const { filters, log } = this.known;
    return filters.call === 'newest' ? log.newest() : log.calls.get(filters.call);
  }

  /** @param {HTMLLIElement} item @param {Row} row */
  toggle(item, row) {
    const inside = item.querySelector('.inside');
    if (!inside) return this.open(item, row);
    inside.remove();
    this.button(item)?.setAttribute('aria-expanded', 'false');
  }

  /** @param {HTMLLIElement} item @param {Row} row */
  open(item, row) {
    const inside = details(row.entry, this.known.sandbox);
    inside.id = `inside-${row.key}`;
    item.append(inside);
    const button = this.button(item);
    button?.setAttribute('aria-expanded', 'true');
    button?.setAttribute('aria-controls', inside.id);
  }
}
