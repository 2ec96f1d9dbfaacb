// The stream of the time line, and coming back to it.

const WHERE = '/sandbox/v1/timeline/stream';
/** Entries to begin with. */
const FIRST = 2000;
/** After a refusal a browser does not come back by itself. */
const AGAIN_MS = 3000;

/**
 * Follows the time line for as long as the page is open.
 * @param {{ entry: (entry: import('./types.js').Entry) => void, missed: (count: number) => void, state: (words: string, live: boolean) => void }} told
 */
export function follow(told) {
  let last = '';
  const open = () => {
    const source = new EventSource(last ? `${WHERE}?after=${encodeURIComponent(last)}` : `${WHERE}?last=${FIRST}`);
    source.addEventListener('open', () => told.state('Live', true));
    source.addEventListener('entry', (event) => {
      last = event.lastEventId;
      told.entry(JSON.parse(event.data));
    });
    source.addEventListener('gap', (event) => told.missed(JSON.parse(event.data).missed));
    source.addEventListener('error', () => {
      told.state('The connection is lost; trying again …', false);
      if (source.readyState !== EventSource.CLOSED) return;
      source.close();
      setTimeout(open, AGAIN_MS);
    });
  };
  open();
}
