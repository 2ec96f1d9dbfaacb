// The inspector: one time line, live.

import { find } from './dom.js';
import { Filters } from './filters.js';
import { walk } from './keys.js';
import { Log } from './log.js';
import { Rows } from './rows.js';
import { Story } from './story.js';
import { follow } from './stream.js';
import { clock } from './times.js';

/** So near to the end of the page one is at its end, in pixels. */
const NEAR = 80;

const root = find('inspector', HTMLDivElement);
const form = find('filters', HTMLFormElement);
const callPicker = find('call', HTMLSelectElement);
const numberPicker = find('number', HTMLSelectElement);
const connection = find('connection', HTMLParagraphElement);
const announcement = find('announcement', HTMLParagraphElement);
const empty = find('empty', HTMLParagraphElement);
const followButton = find('follow', HTMLButtonElement);

/** @type {{ [user: string]: string }} */
const names = JSON.parse(root.dataset.names ?? '{}');
const words = {
  name: (/** @type {string | null} */ user) => (user === null ? 'somebody' : (names[user] ?? `+${user}`)),
  digits: (/** @type {string | null} */ number) => [...numberPicker.options].find((option) => option.value === number)?.text ?? number ?? 'no number',
};

const log = new Log();
const filters = new Filters(form);
const sandbox = { origin: location.origin, token: root.dataset.token ?? '', appToken: root.dataset.appToken ?? '' };
const rows = new Rows(find('timeline', HTMLOListElement), find('earlier', HTMLButtonElement), { log, filters, sandbox });
const story = new Story(find('story', HTMLElement), words);
walk(rows.list);

let live = false;
let missed = 0;
/** @type {import('./types.js').Entry[]} */
let waiting = [];

const following = () => followButton.getAttribute('aria-pressed') === 'true';
const toTheEnd = () => scrollTo({ top: document.documentElement.scrollHeight });

/** The picker's options, newest first. Only what changed is touched, so that it can be open meanwhile. */
function listCalls() {
  const fixed = 2;
  const calls = [...log.calls.values()].reverse();
  const known = new Map([...callPicker.options].slice(fixed).map((option) => [option.value, option]));
  for (const call of calls) {
    const label = `${clock(call.real_ms).slice(0, 8)} ${words.name(call.user)} – ${words.digits(call.number)} (${call.state})${call.failed ? ' ⚠' : ''}`;
    const option = known.get(call.id);
    if (!option) callPicker.add(new Option(label, call.id), fixed);
    else if (option.text !== label) option.text = label;
    known.delete(call.id);
  }
  for (const [id, option] of known) if (id !== filters.call) option.remove();
}

const emptyText = empty.cloneNode(true);
function tellIfEmpty() {
  empty.hidden = rows.list.childElementCount > 0;
  if (log.rows.length > 0) empty.textContent = 'Nothing of what happened fits what you want to see.';
  else empty.replaceChildren(...emptyText.cloneNode(true).childNodes);
}

/** @param {import('./types.js').Entry} entry */
function say(entry) {
  const worth = entry.failed || entry.kind === 'verdict' || (entry.kind === 'call' && entry.what.step === 'ended');
  if (live && worth && filters.takes(entry, log.newest()?.id)) announcement.textContent = entry.text;
}

/** Takes what came since the last picture of the page. */
function take() {
  const entries = waiting;
  waiting = [];
  const atEnd = following() && innerHeight + scrollY >= document.documentElement.scrollHeight - NEAR;
  const before = log.newest()?.id;
  let anew = entries.length > 200;
  /** @type {{ row: import('./log.js').Row, fresh: boolean }[]} */
  const changes = [];
  for (const entry of entries) {
    const { row, fresh, cleared, gone } = log.add(entry);
    anew ||= cleared;
    for (const old of gone) rows.remove(old.key);
    changes.push({ row, fresh });
    say(entry);
  }
  const newest = log.newest()?.id;
  if (filters.call === 'newest' && newest !== before) anew = true;
  if (anew) rows.draw();
  else for (const { row, fresh } of changes) rows.put(row, fresh);
  listCalls();
  tellIfEmpty();
  showStory();
  if (atEnd) toTheEnd();
}

function showStory() {
  story.show(filters.call ? rows.chosen() : undefined);
}

function filter() {
  filters.read();
  rows.draw();
  tellIfEmpty();
  showStory();
  if (following()) toTheEnd();
}

form.addEventListener('change', filter);
form.addEventListener('submit', (event) => event.preventDefault());
form.addEventListener('reset', () => {
  // The fields have their first values after this.
  queueMicrotask(() => {
    callPicker.value = '';
    filter();
  });
});
followButton.addEventListener('click', () => {
  followButton.setAttribute('aria-pressed', String(!following()));
  if (following()) toTheEnd();
});

follow({
  entry(entry) {
    if (waiting.push(entry) === 1) requestAnimationFrame(take);
  },
  missed(count) {
    missed += count;
  },
  state(text, now) {
    connection.textContent = missed > 0 && now ? `${text}; ${missed} entries were missed` : text;
    connection.dataset.live = String(now);
    // What was there before the page is not news.
    if (now) setTimeout(() => (live = true), 500);
  },
});

// For tests: what the page knows, to look at and not to touch.
Object.defineProperty(window, 'ahoyInspector', { get: () => ({ rows: log.rows.length, calls: [...log.calls.keys()], live: connection.dataset.live === 'true' }) });
