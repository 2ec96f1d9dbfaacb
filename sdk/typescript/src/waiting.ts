/** Something that had to happen did not, in the time it was given; the message says what was still missing. */
export class GaveUp extends Error {
  override name = "GaveUp";
}

/**
 * Looks again and again until `missing` finds nothing missing in what `look` saw; `within` is in real milliseconds.
 * For state that can only be asked for.
 */
export async function until<T>(look: () => Promise<T>, missing: (seen: T) => string | undefined, within: number): Promise<T> {
  const deadline = performance.now() + within;
  for (let pause = 10; ; pause = Math.min(pause * 1.5, 100)) {
    const seen = await look();
    const lacks = missing(seen);
    if (lacks === undefined) return seen;
    if (performance.now() > deadline) throw new GaveUp(`after ${within} ms: ${lacks}; last seen: ${JSON.stringify(seen)}`);
    await new Promise((wake) => setTimeout(wake, pause));
  }
}
