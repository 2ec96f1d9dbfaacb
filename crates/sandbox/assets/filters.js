// What is shown: read from the form, kept in the page's address.

/** @typedef {import('./types.js').Entry} Entry */

/** @type {{ [kind: string]: string }} the box an entry's kind belongs to, where it is not its own */
const BOX = { admin: 'sandbox', verdict: 'media', reset: 'clock' };
const BOXES = 6;

export class Filters {
  /** @param {HTMLFormElement} form */
  constructor(form) {
    this.form = form;
    this.call = '';
    this.number = '';
    this.failures = false;
    /** @type {Set<string>} */
    this.kinds = new Set();
    this.fromAddress();
  }

  select(/** @type {string} */ name) {
    const field = this.form.elements.namedItem(name);
    if (!(field instanceof HTMLSelectElement)) throw new Error(`The form has no ${name}.`);
    return field;
  }

  boxes() {
    return [...this.form.querySelectorAll('input[name=kind]')].filter((box) => box instanceof HTMLInputElement);
  }

  get failuresBox() {
    const box = this.form.elements.namedItem('failures');
    if (!(box instanceof HTMLInputElement)) throw new Error('The form has no failures.');
    return box;
  }

  fromAddress() {
    const asked = new URLSearchParams(location.search);
    const call = asked.get('call');
    if (call && ![...this.select('call').options].some((option) => option.value === call)) this.select('call').append(new Option(call, call));
    if (call) this.select('call').value = call;
    const number = asked.get('number');
    if (number) this.select('number').value = number;
    const kinds = asked.get('kind')?.split(',');
    if (kinds) for (const box of this.boxes()) box.checked = kinds.includes(box.value);
    this.failuresBox.checked = asked.get('failures') === 'true';
    this.read();
  }

  /** Takes over what the form says, and puts it into the address. */
  read() {
    this.call = this.select('call').value;
    this.number = this.select('number').value;
    this.failures = this.failuresBox.checked;
    this.kinds = new Set(this.boxes().filter((box) => box.checked).map((box) => box.value));
    const address = new URLSearchParams();
    if (this.call) address.set('call', this.call);
    if (this.number) address.set('number', this.number);
    if (this.kinds.size < BOXES) address.set('kind', [...this.kinds].join(','));
    if (this.failures) address.set('failures', 'true');
    const query = address.toString();
    history.replaceState(null, '', query ? `?${query}` : location.pathname);
  }

  /**
   * Whether an entry is to be seen.
   * @param {Entry} entry
   * @param {string | undefined} newest the newest call's id
   */
  takes(entry, newest) {
    if (!this.kinds.has(BOX[entry.kind] ?? entry.kind)) return false;
    if (this.failures && !entry.failed) return false;
    // The clock and a reset are everybody's.
    if (entry.kind === 'clock' || entry.kind === 'reset') return true;
    const call = this.call === 'newest' ? newest : this.call;
    if (this.call && entry.call_id !== call) return false;
    return !this.number || entry.phone_number_id === this.number;
  }
}
