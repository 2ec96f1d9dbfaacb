import type { Account } from "./server.js";
import type { FaultPlan, FaultsOn } from "./faults.js";
export type OnRing = "answer" | "reject" | "ignore" | "manual";
export type PermissionResponse = "accept" | "accept_permanent" | "reject" | "revoke";
export type CallState = "ringing" | "connected" | "ended";
/** The network between a user and the platform, for media both ways. What is left out does nothing. */
export interface Network {
    /** Share of packets lost, 0 to 1. */
    loss?: number;
    /** Mean length of a run of lost packets; null loses each on its own. */
    burst?: number | null;
    delay_ms?: number;
    jitter_ms?: number;
    /** Share of packets that come behind the next one, 0 to 1. */
    reorder?: number;
    /** The same seed loses the same packets. */
    seed?: number | null;
}
/** A hole in what a user heard. */
export interface Gap {
    at_ms: number;
    /** Packets. */
    missing: number;
    /** Silence because sound came too late for a jitter buffer. */
    late_ms: number;
}
/** What was in the user's ear. */
export interface Heard {
    packets: number;
    lost: number;
    audio_ms: number;
    /** Dominant pitch of the last audible second; null in silence. */
    tone_hz: number | null;
    level_dbfs: number | null;
    /** Keys the business pressed. */
    digits: string;
    first_audio_ms_after_accept: number | null;
    /** Packets that came behind one sent after them; they are no loss. */
    late: number;
    jitter_ms: number;
    gaps: Gap[];
}
/** What a user should hear. What is left out may be anything; of nothing at all, any sound. */
export interface Expected {
    /** Pitch of the last audible second. */
    toneHz?: number;
    /** Level of the last audible second in dBFS: 0 is the loudest, a tone at full scale about -3. */
    louderThan?: number;
    quieterThan?: number;
    /** Milliseconds of sound since accept. */
    atLeastMs?: number;
}
export interface CallView {
    id: string;
    direction: "USER_INITIATED" | "BUSINESS_INITIATED";
    state: CallState;
    duration: number | null;
    end_cause: string | null;
    heard: Heard | null;
    media: {
        verdict: string;
    } | null;
    [more: string]: unknown;
}
/** Rule time. */
export interface Clock {
    /** Unix seconds. */
    now: number;
    now_ms: number;
    /** RFC 3339, in UTC. */
    at: string;
    /** Whether it stands still between jumps. */
    frozen: boolean;
    ahead_of_system_ms: number;
}
/** Everything, as one document. */
export interface State {
    format: "ahoy-state";
    version: number;
    schema: number;
    clock: {
        now_ms: number;
        frozen: boolean;
    };
    /** Rows by table. */
    tables: Record<string, Record<string, unknown>[]>;
}
/** What an import settled in the document: calls that lived in it, webhooks that were being sent. */
export interface Imported {
    ended_calls: number;
    resent_deliveries: number;
}
/** A webhook with its attempts. */
export interface Delivery {
    id: string | number;
    /** `delivered`, or what it is until then. */
    state: string;
    field: string;
    body: string;
    attempts: {
        url: string;
        status: number | null;
        note: string;
        [more: string]: unknown;
    }[];
    [more: string]: unknown;
}
/** What came of sending a webhook once more. */
export interface Replayed {
    delivery: Delivery;
    /** The attempt that was asked for. */
    replayed: Record<string, unknown>;
}
/** One thing that happened. `what` depends on the kind. */
export interface TimelineEntry {
    id: string;
    seq: number;
    kind: "api" | "sandbox" | "admin" | "webhook" | "media" | "verdict" | "call" | "clock" | "reset";
    at: number;
    at_ms: number;
    real_ms: number;
    call_id: string | null;
    phone_number_id: string | null;
    wa_id: string | null;
    failed: boolean;
    text: string;
    what: Record<string, unknown>;
}
export interface UserOptions {
    name?: string;
    onRing?: OnRing;
    /** What the user says: a steady tone, a file on the server, or nothing. */
    toneHz?: number;
    /** WAV, or Ogg with Opus, on the server. */
    file?: string;
    /** Whether the file begins anew at its end; else silence follows. */
    repeat?: boolean;
    silence?: boolean;
    /** `{}` takes the network in between away. */
    network?: Network;
    /** Other keys of `behaviour`, as they are. */
    behaviour?: Record<string, unknown>;
}
interface ErrorBody {
    error?: {
        message?: string;
        code?: string | number;
        error_data?: {
            details?: string;
        };
    };
}
/** The server refused; the message is its sentence. */
export declare class Failure extends Error {
    readonly status: number;
    readonly body: ErrorBody;
    name: string;
    constructor(status: number, body: ErrorBody);
    get code(): string | number | undefined;
}
/** A running sandbox. */
export declare class Ahoy {
    readonly url: string;
    readonly token: string;
    readonly appId: string;
    readonly appSecret: string;
    readonly wabaId: string;
    readonly phoneNumberId: string;
    constructor(url: string, account?: Partial<Account>);
    /** Base URL of the business API, with a version and without a slash at its end. */
    get graph(): string;
    /** One request with a JSON body; the JSON of its answer. A refusal throws {@link Failure}. */
    request<T = Record<string, unknown>>(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<T>;
    /** One request with a JSON body; the bytes of its answer. A refusal throws {@link Failure}. */
    bytes(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Uint8Array>;
    /** One request to a sandbox route that has no method of its own here. */
    sandbox<T = Record<string, unknown>>(method: string, path: string, body?: unknown, options?: {
        fault?: string;
    }): Promise<T>;
    /** One request to the business API with the seeded token: `business("POST", `${phoneNumberId}/messages`, {…})`.
     * `fault` goes wrong with this request and the call or message it causes alone: `error_code=131000`, `no_dtls`. */
    business<T = Record<string, unknown>>(method: string, path: string, body?: unknown, options?: {
        fault?: string;
    }): Promise<T>;
    /** Rule time, Unix seconds. */
    now(): Promise<number>;
    /** Jumps; answers the new rule time once everything due has happened and its webhooks were handed over. */
    advance(by: {
        seconds?: number;
        minutes?: number;
        hours?: number;
        days?: number;
    }): Promise<number>;
    /** Jumps to an instant ahead, as `2027-01-06T08:00:00Z` or Unix seconds; answers the new rule time like `advance`. */
    advanceTo(instant: string | number): Promise<number>;
    /** The clock of rule time. */
    clock(): Promise<Clock>;
    /** Lets virtual time stand still until it is advanced, or with `false` run on. */
    freeze(frozen?: boolean): Promise<Clock>;
    /** Everything there is, as one document. It holds app secrets. */
    exportState(): Promise<State>;
    /** Puts an exported document in the place of everything there is, the clock included: all of it, or {@link Failure}. */
    importState(state: State): Promise<Imported>;
    /** Starts over: live calls end without a word, everything is seeded anew. Rule time goes on. */
    reset(): Promise<void>;
    /** Faults for everybody from now on, in place of those before; the same seed strikes the same places again. */
    setFaults(plan: FaultPlan): Promise<FaultsOn>;
    /** The faults that hold, each with how many it has looked at and struck. */
    faultsOn(): Promise<FaultsOn>;
    /** Nothing fails any more. */
    clearFaults(): Promise<void>;
    /** Makes `callbackUrl` the app's: webhooks come there from now on. */
    subscribe(callbackUrl: string, verifyToken: string, fields?: string): Promise<void>;
    /** Every webhook after this id with its attempts, oldest first. */
    deliveries(after?: string | number): Promise<Delivery[]>;
    /** What became of the webhooks that are not delivered yet, in a clause; empty where there are none. */
    failedWebhooks(): Promise<string>;
    /** Sends this webhook once more, the same bytes, beside its schedule; answers when the attempt is over. */
    replay(delivery: string | number): Promise<Replayed>;
    /** Requests, webhook attempts and media steps as the inspector shows them, oldest first: all of a call's, or what came after an entry's `id`. */
    timeline(of?: {
        call?: string;
        kinds?: TimelineEntry["kind"][];
        failures?: boolean;
        after?: string;
    }): Promise<TimelineEntry[]>;
    /** Creates or changes a simulated user; what is left out stays as it is. */
    user(waId: string, options?: UserOptions): Promise<User>;
}
/** A simulated customer. */
export declare class User {
    #private;
    readonly ahoy: Ahoy;
    readonly waId: string;
    constructor(ahoy: Ahoy, waId: string);
    /** Calls the business; {@link Failure} carries what the phone would show if that cannot be. */
    call(options?: {
        to?: string;
        ctaPayload?: string;
        deeplinkPayload?: string;
        fault?: string;
    }): Promise<Call>;
    /** All calls of this user, oldest first. */
    calls(): Promise<CallView[]>;
    /** Waits for a call of the business that is not over, and answers the newest. */
    rung(within?: number): Promise<Call>;
    /** Answers the newest open permission request, or that of `messageId`; with none open, sets the grant directly. */
    permission(response?: PermissionResponse, options?: {
        phoneNumberId?: string;
        messageId?: string;
    }): Promise<Record<string, unknown>>;
    /** Sends the business a text message. */
    write(text: string, to?: string): Promise<Record<string, unknown>>;
    /** Taps the call button in that message. */
    tap(messageId: string): Promise<Call>;
    /** Taps the button with which the business asked for the number (`request_contact_info`). */
    shareNumber(messageId: string): Promise<Record<string, unknown>>;
    /** Takes another number: chats, calls and permissions go along, ids do not. Answers the user under the new one. */
    changeNumber(waId: string): Promise<User>;
    /** What the business sees of the user now: whether its webhooks carry the number, and why. */
    seen(phoneNumberId?: string): Promise<Record<string, unknown>>;
    /** The chat with the business, oldest first. */
    thread(phoneNumberId?: string): Promise<Record<string, unknown>[]>;
}
/** A call of a simulated user. */
export declare class Call {
    #private;
    readonly user: User;
    readonly id: string;
    constructor(user: User, id: string);
    /** State, direction, times, what was heard and the media timeline. */
    look(): Promise<CallView>;
    /** Waits until the call is in that state; one that has gone past it throws at once. */
    wait(state: CallState, within?: number): Promise<CallView>;
    /** What was in the user's ear so far. */
    heard(): Promise<Heard>;
    /** What the business sent as it was in the user's ear from accept on, as a WAV file: mono, 16 bits, silence where nothing came.
     * {@link Failure} where the sound is no longer kept. */
    heardWav(rate?: 8000 | 12000 | 16000 | 24000 | 48000): Promise<Uint8Array>;
    /** Waits until the user hears what is expected, all of it at the same time: a pitch alone, or any of {@link Expected}. */
    hears(expected?: number | Expected, within?: number, tolerance?: number): Promise<Heard>;
    /** Waits until these digits of the business have come. */
    hearsDigits(digits: string, within?: number): Promise<Heard>;
    /** Why the call was silent, or that both sides heard each other, in a sentence. */
    verdict(): Promise<string>;
    /** The user takes the call. */
    answer(): Promise<void>;
    /** The user declines. */
    reject(): Promise<void>;
    /** The user ends the call. */
    hangUp(): Promise<void>;
    /** The user presses keys. */
    press(digits: string): Promise<void>;
}
export {};
