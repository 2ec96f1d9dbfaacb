import { GaveUp, until } from "./waiting.js";
/** The server refused; the message is its sentence. */
export class Failure extends Error {
    status;
    body;
    name = "Failure";
    constructor(status, body) {
        super(body.error?.error_data?.details ?? body.error?.message ?? `status ${status}`);
        this.status = status;
        this.body = body;
    }
    get code() {
        return this.body.error?.code;
    }
}
const ORDER = { ringing: 0, connected: 1, ended: 2 };
const SILENT = { packets: 0, lost: 0, audio_ms: 0, tone_hz: null, level_dbfs: null, digits: "", first_audio_ms_after_accept: null, late: 0, jitter_ms: 0, gaps: [] };
const ear = (call) => ({ ...SILENT, ...call.heard });
/** As messages have it: `440 Hz at -12 dBFS, 1980 ms of sound`. */
function inWords(heard) {
    if (heard.packets === 0)
        return "nothing";
    const pitch = heard.tone_hz === null ? "no pitch" : `${heard.tone_hz.toFixed(0)} Hz`;
    const now = heard.level_dbfs === null ? "silence" : `${pitch} at ${heard.level_dbfs.toFixed(0)} dBFS`;
    return `${now}, ${heard.audio_ms} ms of sound${heard.digits ? `, digits ${heard.digits}` : ""}${heard.lost ? `, ${heard.lost} packets lost` : ""}`;
}
const under = (fault) => (fault === undefined ? {} : { "ahoy-fault": fault });
/** A webhook that is not delivered, as a clause. */
function undelivered(delivery) {
    let event = delivery.field;
    try {
        const value = JSON.parse(delivery.body).entry?.[0]?.changes?.[0]?.value;
        event = value?.calls?.[0]?.event ?? value?.statuses?.[0]?.status ?? event;
    }
    catch {
        // Its field names it well enough.
    }
    const tries = delivery.attempts.length;
    const last = delivery.attempts[tries - 1];
    const what = last.status === null ? `failed: ${last.note}` : `was answered ${last.status}`;
    return `the ${event} webhook to ${last.url.split("?")[0]} ${what} (${tries} attempt${tries > 1 ? "s" : ""})`;
}
/** Of webhooks that failed, as it follows in a message. */
async function clause(ahoy) {
    const failed = await ahoy.failedWebhooks();
    return failed && `; ${failed}`;
}
/** A running sandbox. */
export class Ahoy {
    url;
    token;
    appId;
    appSecret;
    wabaId;
    phoneNumberId;
    constructor(url, account) {
        this.url = url.replace(/\/$/, "");
        this.token = account?.access_token ?? "ahoy-dev-token";
        this.appId = account?.app_id ?? "900100200300";
        this.appSecret = account?.app_secret ?? "ahoy-dev-secret";
        this.wabaId = account?.waba_id ?? "720000000000001";
        this.phoneNumberId = account?.phone_number_ids?.[0] ?? "710000000000001";
    }
    /** Base URL of the business API, with a version and without a slash at its end. */
    get graph() {
        return `${this.url}/v25.0`;
    }
    /** One request with a JSON body; the JSON of its answer. A refusal throws {@link Failure}. */
    async request(method, path, body, headers = {}) {
        return JSON.parse(new TextDecoder().decode(await this.bytes(method, path, body, headers)) || "{}");
    }
    /** One request with a JSON body; the bytes of its answer. A refusal throws {@link Failure}. */
    async bytes(method, path, body, headers = {}) {
        const init = { method, headers: { "content-type": "application/json", ...headers }, signal: AbortSignal.timeout(60_000) };
        if (body !== undefined)
            init.body = JSON.stringify(body);
        const answer = await fetch(this.url + path, init);
        if (answer.ok)
            return new Uint8Array(await answer.arrayBuffer());
        const text = await answer.text();
        let told;
        try {
            told = JSON.parse(text || "{}");
        }
        catch {
            told = { error: { message: text.slice(0, 500) } };
        }
        throw new Failure(answer.status, told);
    }
    /** One request to a sandbox route that has no method of its own here. */
    sandbox(method, path, body, options = {}) {
        return this.request(method, `/sandbox/v1${path}`, body, under(options.fault));
    }
    /** One request to the business API with the seeded token: `business("POST", `${phoneNumberId}/messages`, {…})`.
     * `fault` goes wrong with this request and the call or message it causes alone: `error_code=131000`, `no_dtls`. */
    business(method, path, body, options = {}) {
        return this.request(method, `/v25.0/${path}`, body, { authorization: `Bearer ${this.token}`, ...under(options.fault) });
    }
    /** Rule time, Unix seconds. */
    async now() {
        return (await this.sandbox("GET", "/clock")).now;
    }
    /** Jumps; answers the new rule time once everything due has happened and its webhooks were handed over. */
    async advance(by) {
        const seconds = (by.seconds ?? 0) + 60 * (by.minutes ?? 0) + 3_600 * (by.hours ?? 0) + 86_400 * (by.days ?? 0);
        return (await this.sandbox("POST", "/clock/advance", { seconds })).now;
    }
    /** Jumps to an instant ahead, as `2027-01-06T08:00:00Z` or Unix seconds; answers the new rule time like `advance`. */
    async advanceTo(instant) {
        return (await this.sandbox("POST", "/clock/advance", { until: instant })).now;
    }
    /** The clock of rule time. */
    clock() {
        return this.sandbox("GET", "/clock");
    }
    /** Lets virtual time stand still until it is advanced, or with `false` run on. */
    freeze(frozen = true) {
        return this.sandbox("PATCH", "/clock", { frozen });
    }
    /** Everything there is, as one document. It holds app secrets. */
    exportState() {
        return this.sandbox("GET", "/state");
    }
    /** Puts an exported document in the place of everything there is, the clock included: all of it, or {@link Failure}. */
    importState(state) {
        return this.sandbox("PUT", "/state", state);
    }
    /** Starts over: live calls end without a word, everything is seeded anew. Rule time goes on. */
    async reset() {
        await this.sandbox("POST", "/reset");
    }
    /** Faults for everybody from now on, in place of those before; the same seed strikes the same places again. */
    setFaults(plan) {
        return this.sandbox("PUT", "/faults", plan);
    }
    /** The faults that hold, each with how many it has looked at and struck. */
    faultsOn() {
        return this.sandbox("GET", "/faults");
    }
    /** Nothing fails any more. */
    async clearFaults() {
        await this.sandbox("DELETE", "/faults");
    }
    /** Makes `callbackUrl` the app's: webhooks come there from now on. */
    async subscribe(callbackUrl, verifyToken, fields = "calls,messages") {
        const body = { object: "whatsapp_business_account", callback_url: callbackUrl, verify_token: verifyToken, fields };
        await this.request("POST", `/v25.0/${this.appId}/subscriptions`, body, { authorization: `Bearer ${this.appId}|${this.appSecret}` });
    }
    /** Every webhook after this id with its attempts, oldest first. */
    async deliveries(after = 0) {
        const found = [];
        for (;;) {
            const last = found.at(-1)?.id ?? after;
            const page = await this.sandbox("GET", `/deliveries?after=${last}`);
            if (page.data.length === 0)
                return found;
            found.push(...page.data);
        }
    }
    /** What became of the webhooks that are not delivered yet, in a clause; empty where there are none. */
    async failedWebhooks() {
        const failed = (await this.deliveries()).filter((one) => one.state !== "delivered" && one.attempts.length > 0);
        const told = failed.slice(-3).map(undelivered);
        return [...told, ...(failed.length > 3 ? [`${failed.length - 3} more failed`] : [])].join("; ");
    }
    /** Sends this webhook once more, the same bytes, beside its schedule; answers when the attempt is over. */
    replay(delivery) {
        return this.sandbox("POST", `/deliveries/${delivery}/replay`);
    }
    /** Requests, webhook attempts and media steps as the inspector shows them, oldest first: all of a call's, or what came after an entry's `id`. */
    async timeline(of = {}) {
        const found = [];
        for (;;) {
            const query = new URLSearchParams();
            const after = found.at(-1)?.id ?? of.after;
            if (of.call)
                query.set("call", of.call);
            if (of.kinds?.length)
                query.set("kind", of.kinds.join(","));
            if (of.failures)
                query.set("failures", "true");
            if (after)
                query.set("after", after);
            const page = await this.sandbox("GET", `/timeline?${query}`);
            if (page.data.length === 0)
                return found;
            found.push(...page.data);
        }
    }
    /** Creates or changes a simulated user; what is left out stays as it is. */
    async user(waId, options = {}) {
        const behaviour = { ...options.behaviour };
        if (options.onRing !== undefined)
            behaviour["on_ring"] = options.onRing;
        if (options.toneHz !== undefined)
            behaviour["audio"] = { tone_hz: options.toneHz };
        else if (options.file !== undefined)
            behaviour["audio"] = { file: options.file, repeat: options.repeat ?? true };
        else if (options.silence)
            behaviour["audio"] = { silence: true };
        if (options.network !== undefined)
            behaviour["network"] = options.network;
        const body = { wa_id: waId };
        if (options.name !== undefined)
            body["name"] = options.name;
        if (Object.keys(behaviour).length > 0)
            body["behaviour"] = behaviour;
        await this.sandbox("POST", "/users", body);
        return new User(this, waId);
    }
}
/** A simulated customer. */
export class User {
    ahoy;
    waId;
    constructor(ahoy, waId) {
        this.ahoy = ahoy;
        this.waId = waId;
    }
    #path(rest) {
        return `/users/${this.waId}${rest}`;
    }
    /** Calls the business; {@link Failure} carries what the phone would show if that cannot be. */
    async call(options = {}) {
        const body = { to: options.to ?? this.ahoy.phoneNumberId, cta_payload: options.ctaPayload, deeplink_payload: options.deeplinkPayload };
        const told = await this.ahoy.sandbox("POST", this.#path("/calls"), body, options.fault === undefined ? {} : { fault: options.fault });
        return new Call(this, told.id);
    }
    /** All calls of this user, oldest first. */
    async calls() {
        return (await this.ahoy.sandbox("GET", this.#path("/calls"))).data;
    }
    /** Waits for a call of the business that is not over, and answers the newest. */
    async rung(within = 10_000) {
        const live = async () => (await this.calls()).filter((call) => call.direction === "BUSINESS_INITIATED" && call.state !== "ended");
        const calls = await until(live, (seen) => (seen.length > 0 ? undefined : `no call of the business rings ${this.waId}`), within, () => clause(this.ahoy));
        return new Call(this, calls.at(-1).id);
    }
    /** Answers the newest open permission request, or that of `messageId`; with none open, sets the grant directly. */
    permission(response = "accept", options = {}) {
        const body = { phone_number_id: options.phoneNumberId ?? this.ahoy.phoneNumberId, response, message_id: options.messageId };
        return this.ahoy.sandbox("POST", this.#path("/permission"), body);
    }
    /** Sends the business a text message. */
    write(text, to) {
        return this.ahoy.sandbox("POST", this.#path("/messages"), { to: to ?? this.ahoy.phoneNumberId, type: "text", text: { body: text } });
    }
    /** Taps the call button in that message. */
    async tap(messageId) {
        const told = await this.ahoy.sandbox("POST", this.#path("/taps"), { message_id: messageId });
        return new Call(this, told.id);
    }
    /** Taps the button with which the business asked for the number (`request_contact_info`). */
    shareNumber(messageId) {
        return this.ahoy.sandbox("POST", this.#path("/share_number"), { message_id: messageId });
    }
    /** Takes another number: chats, calls and permissions go along, ids do not. Answers the user under the new one. */
    async changeNumber(waId) {
        const told = await this.ahoy.sandbox("POST", this.#path("/number"), { wa_id: waId });
        return new User(this.ahoy, told.wa_id);
    }
    /** What the business sees of the user now: whether its webhooks carry the number, and why. */
    seen(phoneNumberId) {
        const number = encodeURIComponent(phoneNumberId ?? this.ahoy.phoneNumberId);
        return this.ahoy.sandbox("GET", this.#path(`/seen?phone_number_id=${number}`));
    }
    /** The chat with the business, oldest first. */
    async thread(phoneNumberId) {
        const number = encodeURIComponent(phoneNumberId ?? this.ahoy.phoneNumberId);
        return (await this.ahoy.sandbox("GET", this.#path(`/thread?phone_number_id=${number}`))).data;
    }
}
/** A call of a simulated user. */
export class Call {
    user;
    id;
    constructor(user, id) {
        this.user = user;
        this.id = id;
    }
    #act(method, rest, body) {
        return this.user.ahoy.sandbox(method, `/users/${this.user.waId}/calls/${encodeURIComponent(this.id)}${rest}`, body);
    }
    /** State, direction, times, what was heard and the media timeline. */
    look() {
        return this.#act("GET", "");
    }
    /** Of webhooks that failed, and the verdict on the call's media, as it follows in a message. */
    async #why(call) {
        return (await clause(this.user.ahoy)) + (call.media?.verdict ? `. ${call.media.verdict}` : "");
    }
    /** Waits until the call is in that state; one that has gone past it throws at once. */
    wait(state, within = 10_000) {
        return until(() => this.look(), (seen) => {
            if (seen.state === state)
                return undefined;
            if (ORDER[seen.state] > ORDER[state])
                throw new GaveUp(`the call never was ${state}: it is ${seen.state} (${seen.end_cause})`);
            return `the call is ${seen.state}, not ${state}`;
        }, within, (seen) => this.#why(seen));
    }
    /** What was in the user's ear so far. */
    async heard() {
        return ear(await this.look());
    }
    /** What the business sent as it was in the user's ear from accept on, as a WAV file: mono, 16 bits, silence where nothing came.
     * {@link Failure} where the sound is no longer kept. */
    heardWav(rate = 8000) {
        return this.user.ahoy.bytes("GET", `/sandbox/v1/users/${this.user.waId}/calls/${encodeURIComponent(this.id)}/heard.wav?rate=${rate}`);
    }
    /** Waits until the user hears what is expected, all of it at the same time: a pitch alone, or any of {@link Expected}. */
    async hears(expected = {}, within = 10_000, tolerance = 0.01) {
        const { toneHz, louderThan, quieterThan, atLeastMs = 1 } = typeof expected === "number" ? { toneHz: expected } : expected;
        const right = ({ tone_hz, level_dbfs, audio_ms }) => {
            if (toneHz !== undefined && (tone_hz === null || Math.abs(tone_hz - toneHz) > toneHz * tolerance))
                return false;
            // Silence has no level: it is neither louder nor quieter than anything.
            if (louderThan !== undefined && (level_dbfs === null || level_dbfs <= louderThan))
                return false;
            if (quieterThan !== undefined && (level_dbfs === null || level_dbfs >= quieterThan))
                return false;
            return audio_ms >= atLeastMs;
        };
        const wanted = [];
        if (toneHz !== undefined)
            wanted.push(`${toneHz} Hz`);
        if (louderThan !== undefined)
            wanted.push(`louder than ${louderThan} dBFS`);
        if (quieterThan !== undefined)
            wanted.push(`quieter than ${quieterThan} dBFS`);
        if (atLeastMs > 1)
            wanted.push(`at least ${atLeastMs} ms`);
        return this.#hears(wanted.join(", ") || "any sound", right, within);
    }
    /** Waits until these digits of the business have come. */
    hearsDigits(digits, within = 10_000) {
        return this.#hears(`the digits ${digits}`, (heard) => heard.digits.includes(digits), within);
    }
    async #hears(wanted, right, within) {
        const missing = (call) => (right(ear(call)) ? undefined : `${this.user.waId} should hear ${wanted}, and heard ${inWords(ear(call))}`);
        return ear(await until(() => this.look(), missing, within, (call) => this.#why(call)));
    }
    /** Why the call was silent, or that both sides heard each other, in a sentence. */
    async verdict() {
        return (await this.look()).media?.verdict ?? "";
    }
    /** The user takes the call. */
    async answer() {
        await this.#act("POST", "/answer");
    }
    /** The user declines. */
    async reject() {
        await this.#act("POST", "/reject");
    }
    /** The user ends the call. */
    async hangUp() {
        await this.#act("POST", "/hang_up");
    }
    /** The user presses keys. */
    async press(digits) {
        await this.#act("POST", "/dtmf", { digits });
    }
}
