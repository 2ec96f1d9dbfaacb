// Walking the time line by keyboard.

/**
 * Arrows, Home and End go from row to row; Escape closes the row one is in.
 * @param {HTMLElement} list
 */
export function walk(list) {
  const lines = () => [...list.querySelectorAll('.line')].filter((line) => line instanceof HTMLButtonElement);
  list.addEventListener('focusin', (event) => {
    const line = event.target instanceof Element ? event.target.closest('.line') : null;
    if (!line) return;
    for (const other of lines()) other.setAttribute('tabindex', other === line ? '0' : '-1');
  });
  list.addEventListener('keydown', (event) => {
    if (!(event.target instanceof Element) || event.ctrlKey || event.metaKey || event.altKey) return;
    const row = event.target.closest('.row');
    const own = row?.querySelector('.line');
    if (!(own instanceof HTMLButtonElement)) return;
    if (event.key === 'Escape') {
      if (own.getAttribute('aria-expanded') === 'true') own.click();
      own.focus();
      return;
    }
    if (event.target !== own) return;
    const all = lines();
    const at = all.indexOf(own);
    /** @type {{ [key: string]: number }} */
    const steps = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 };
    const to = steps[event.key];
    if (to === undefined) return;
    event.preventDefault();
    all[Math.max(0, Math.min(to, all.length - 1))]?.focus();
  });
}
