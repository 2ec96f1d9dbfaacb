/** Something that had to happen did not, in the time it was given; the message says what was still missing. */
export class GaveUp extends Error {
  override name = "GaveUp";
  constructor(
    message: string,
    /** What there was at the last look. */
    readonly seen?: unknown,
  ) {
    super(message);
  }
}

/**
 * Looks again and again until `missing` finds nothing missing in what `look` saw; `within` is in real milliseconds.
 * For state that can only be asked for. `why` is asked at the end for what may explain it, as it follows in the message.
 */
export async function until<T>(look: () => Promise<T>, missing: (seen: T) => string | undefined, within: number, why: (seen: T) => Promise<string> = async () => ""): Promise<T> {
  const deadline = performance.now() + within;
  for (let pause = 10; ; pause = Math.min(pause * 1.5, 100)) {
    const seen = await look();
    let lacks: string | undefined;
    try {
      lacks = missing(seen);
    } catch (never) {
      if (!(never instanceof GaveUp)) throw never;
      throw new GaveUp(never.message + (await why(seen)), seen);
    }
    if (lacks === undefined) return seen;
    if (performance.now() > deadline) throw new GaveUp(`after ${within} ms: ${lacks}${await why(seen)}`, seen);
    await new Promise((wake) => setTimeout(wake, pause));
  }
}
