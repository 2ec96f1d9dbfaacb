/** Something that had to happen did not, in the time it was given; the message says what was still missing. */
export declare class GaveUp extends Error {
    /** What there was at the last look. */
    readonly seen?: unknown | undefined;
    name: string;
    constructor(message: string, 
    /** What there was at the last look. */
    seen?: unknown | undefined);
}
/**
 * Looks again and again until `missing` finds nothing missing in what `look` saw; `within` is in real milliseconds.
 * For state that can only be asked for. `why` is asked at the end for what may explain it, as it follows in the message.
 */
export declare function until<T>(look: () => Promise<T>, missing: (seen: T) => string | undefined, within: number, why?: (seen: T) => Promise<string>): Promise<T>;
