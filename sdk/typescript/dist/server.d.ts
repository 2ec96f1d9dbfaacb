/** The binary is missing, or it did not come up; the message says which and shows its last words. */
export declare class NotReady extends Error {
    name: string;
}
/** The seeded account, as the server names it when it is ready. */
export interface Account {
    app_id: string;
    app_secret: string;
    access_token: string;
    waba_id: string;
    phone_number_ids: string[];
}
export interface ServerOptions {
    /** The `ahoy` binary; else `AHOY_BIN`, the PATH, `target/release/ahoy` of a checkout around the working directory. */
    binary?: string;
    /** More options of `ahoy dev`. */
    args?: string[];
    env?: Record<string, string>;
}
/** Where the binary is. */
export declare function findBinary(name?: string): string;
/** `ahoy dev` on free loopback ports with a data folder of its own. */
export declare class Server {
    #private;
    /** Address of the running server, without a slash at its end. */
    url: string;
    account: Account | undefined;
    constructor(options?: ServerOptions);
    get alive(): boolean;
    /** The last lines it wrote. */
    log(): string;
    start(): Promise<this>;
    /** Asks it to end, waits, and removes its data. */
    stop(): Promise<void>;
}
