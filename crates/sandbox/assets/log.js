// What the page knows: entries in the order of real time, and the calls they tell of. Nothing here draws.

/** Entries the page keeps; the server has more of them. */
const MOST = 5000;
/** Calls to pick from: the newest. */
const MOST_CALLS = 300;

/** @typedef {import('./types.js').Entry} Entry @typedef {import('./types.js').CallSummary} CallSummary */

/**
 * A row of the time line: an entry, or the end of what an earlier entry began.
 * @typedef {{ key: number, entry: Entry }} Row
 */

export class Log {
  /** @type {Row[]} by real time, then number */
  rows = [];
  /** @type {Map<number, Row>} by the number of the entry that began it */
  byKey = new Map();
  /** @type {Map<string, CallSummary>} oldest first */
  calls = new Map();
  run = '';

  /**
   * Takes an entry. Says what became of it: a new row, a row that goes on, or everything forgotten first.
   * @param {Entry} entry
   * @returns {{ row: Row, fresh: boolean, cleared: boolean, gone: Row[] }}
   */
  add(entry) {
    const run = entry.id.split('-')[0] ?? '';
    // The server was started anew, or the sandbox reset: its numbers and calls are not those from before.
    const cleared = (this.run !== '' && run !== this.run) || entry.kind === 'reset';
    if (cleared) {
      this.rows = [];
      this.byKey.clear();
      this.calls.clear();
    }
    this.run = run;
    this.tell(entry);
    const key = entry.completes ?? entry.seq;
    const known = this.byKey.get(key);
    if (known) {
      // It stays where it began.
      known.entry = { ...entry, at_ms: known.entry.at_ms, real_ms: known.entry.real_ms };
      return { row: known, fresh: false, cleared, gone: [] };
    }
    const row = { key, entry };
    let at = this.rows.length;
    while (at > 0 && later(this.rows[at - 1], row)) at -= 1;
    this.rows.splice(at, 0, row);
    this.byKey.set(key, row);
    const gone = this.rows.length > MOST ? this.rows.splice(0, this.rows.length - MOST) : [];
    for (const old of gone) this.byKey.delete(old.key);
    return { row, fresh: true, cleared, gone };
  }

  /** @param {Entry} entry */
  tell(entry) {
    const id = entry.call_id;
    if (!id) return;
    let call = this.calls.get(id);
    if (!call) {
      call = { id, user: null, number: null, at_ms: entry.at_ms, real_ms: entry.real_ms, placed: false, state: 'unknown', failed: false, verdict: null, silent: false };
      this.calls.set(id, call);
      const [oldest] = this.calls.keys();
      if (this.calls.size > MOST_CALLS && oldest) this.calls.delete(oldest);
    }
    call.user ??= entry.wa_id;
    call.number ??= entry.phone_number_id;
    if (entry.kind === 'verdict') Object.assign(call, { verdict: entry.what.verdict, silent: entry.failed });
    if (entry.failed) call.failed = true;
    if (entry.kind !== 'call') return;
    /** @type {import('./types.js').Step} */
    const step = entry.what;
    call.state = step.step === 'ended' ? `ended: ${(step.cause ?? '').replaceAll('_', ' ')}` : step.step === 'placed' ? 'placed' : step.step;
    if (step.step === 'placed') Object.assign(call, { placed: true, at_ms: entry.at_ms, real_ms: entry.real_ms });
  }

  /** The newest call. */
  newest() {
    return [...this.calls.values()].at(-1);
  }
}

/** @param {Row | undefined} a @param {Row} b */
function later(a, b) {
  if (!a) return false;
  const apart = a.entry.real_ms - b.entry.real_ms;
  return apart === 0 ? a.key > b.key : apart > 0;
}
