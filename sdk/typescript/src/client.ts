import type { Account } from "./server.js";
import type { FaultPlan, FaultsOn } from "./faults.js";
import { GaveUp, until } from "./waiting.js";

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
  media: { verdict: string } | null;
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
  clock: { now_ms: number; frozen: boolean };
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
  attempts: { url: string; status: number | null; note: string; [more: string]: unknown }[];
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
  error?: { message?: string; code?: string | number; error_data?: { details?: string } };
}

/** The server refused; the message is its sentence. */
export class Failure extends Error {
  override name = "Failure";
  constructor(
    readonly status: number,
    readonly body: ErrorBody,
  ) {
    super(body.error?.error_data?.details ?? body.error?.message ?? `status ${status}`);
  }
  get code(): string | number | undefined {
    return this.body.error?.code;
  }
}

const ORDER: Record<CallState, number> = { ringing: 0, connected: 1, ended: 2 };

const SILENT: Heard = { packets: 0, lost: 0, audio_ms: 0, tone_hz: null, level_dbfs: null, digits: "", first_audio_ms_after_accept: null, late: 0, jitter_ms: 0, gaps: [] };
const ear = (call: CallView): Heard => ({ ...SILENT, ...call.heard });

/** As messages have it: `440 Hz at -12 dBFS, 1980 ms of sound`. */
function inWords(heard: Heard): string {
  if (heard.packets === 0) return "nothing";
  const pitch = heard.tone_hz === null ? "no pitch" : `${heard.tone_hz.toFixed(0)} Hz`;
  const now = heard.level_dbfs === null ? "silence" : `${pitch} at ${heard.level_dbfs.toFixed(0)} dBFS`;
  return `${now}, ${heard.audio_ms} ms of sound${heard.digits ? `, digits ${heard.digits}` : ""}${heard.lost ? `, ${heard.lost} packets lost` : ""}`;
}

const under = (fault: string | undefined): Record<string, string> => (fault === undefined ? {} : { "ahoy-fault": fault });

/** A webhook that is not delivered, as a clause. */
function undelivered(delivery: Delivery): string {
  type Told = { entry?: { changes?: { value?: { calls?: { event?: string }[]; statuses?: { status?: string }[] } }[] }[] };
  let event = delivery.field;
  try {
    const value = (JSON.parse(delivery.body) as Told).entry?.[0]?.changes?.[0]?.value;
    event = value?.calls?.[0]?.event ?? value?.statuses?.[0]?.status ?? event;
  } catch {
    // Its field names it well enough.
  }
  const tries = delivery.attempts.length;
  const last = delivery.attempts[tries - 1]!;
  const what = last.status === null ? `failed: ${last.note}` : `was answered ${last.status}`;
  return `the ${event} webhook to ${last.url.split("?")[0]} ${what} (${tries} attempt${tries > 1 ? "s" : ""})`;
}

/** Of webhooks that failed, as it follows in a message. */
async function clause(ahoy: Ahoy): Promise<string> {
  const failed = await ahoy.failedWebhooks();
  return failed && `; ${failed}`;
}

/** A running sandbox. */
export class Ahoy {
  readonly url: string;
  readonly token: string;
  readonly appId: string;
  readonly appSecret: string;
  readonly wabaId: string;
  readonly phoneNumberId: string;

  constructor(url: string, account?: Partial<Account>) {
    this.url = url.replace(/\/$/, "");
    this.token = account?.access_token ?? "ahoy-dev-token";
    this.appId = account?.app_id ?? "900100200300";
    this.appSecret = account?.app_secret ?? "ahoy-dev-secret";
    this.wabaId = account?.waba_id ?? "720000000000001";
    this.phoneNumberId = account?.phone_number_ids?.[0] ?? "710000000000001";
  }

  /** Base URL of the business API, with a version and without a slash at its end. */
  get graph(): string {
    return `${this.url}/v25.0`;
  }

  /** One request with a JSON body; the JSON of its answer. A refusal throws {@link Failure}. */
  async request<T = Record<string, unknown>>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
    return JSON.parse(new TextDecoder().decode(await this.bytes(method, path, body, headers)) || "{}") as T;
  }

  /** One request with a JSON body; the bytes of its answer. A refusal throws {@link Failure}. */
  async bytes(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Uint8Array> {
    const init: RequestInit = { method, headers: { "content-type": "application/json", ...headers }, signal: AbortSignal.timeout(60_000) };
    if (body !== undefined) init.body = JSON.stringify(body);
    const answer = await fetch(this.url + path, init);
    if (answer.ok) return new Uint8Array(await answer.arrayBuffer());
    const text = await answer.text();
    let told: unknown;
    try {
      told = JSON.parse(text || "{}");
    } catch {
      told = { error: { message: text.slice(0, 500) } };
    }
    throw new Failure(answer.status, told as ErrorBody);
  }

  /** One request to a sandbox route that has no method of its own here. */
  sandbox<T = Record<string, unknown>>(method: string, path: string, body?: unknown, options: { fault?: string } = {}): Promise<T> {
    return this.request<T>(method, `/sandbox/v1${path}`, body, under(options.fault));
  }

  /** One request to the business API with the seeded token: `business("POST", `${phoneNumberId}/messages`, {…})`.
   * `fault` goes wrong with this request and the call or message it causes alone: `error_code=131000`, `no_dtls`. */
  business<T = Record<string, unknown>>(method: string, path: string, body?: unknown, options: { fault?: string } = {}): Promise<T> {
    return this.request<T>(method, `/v25.0/${path}`, body, { authorization: `Bearer ${this.token}`, ...under(options.fault) });
  }

  /** Rule time, Unix seconds. */
  async now(): Promise<number> {
    return (await this.sandbox<{ now: number }>("GET", "/clock")).now;
  }

  /** Jumps; answers the new rule time once everything due has happened and its webhooks were handed over. */
  async advance(by: { seconds?: number; minutes?: number; hours?: number; days?: number }): Promise<number> {
    const seconds = (by.seconds ?? 0) + 60 * (by.minutes ?? 0) + 3_600 * (by.hours ?? 0) + 86_400 * (by.days ?? 0);
    return (await this.sandbox<{ now: number }>("POST", "/clock/advance", { seconds })).now;
  }

  /** Jumps to an instant ahead, as `2027-01-06T08:00:00Z` or Unix seconds; answers the new rule time like `advance`. */
  async advanceTo(instant: string | number): Promise<number> {
    return (await this.sandbox<{ now: number }>("POST", "/clock/advance", { until: instant })).now;
  }

  /** The clock of rule time. */
  clock(): Promise<Clock> {
    return this.sandbox<Clock>("GET", "/clock");
  }

  /** Lets virtual time stand still until it is advanced, or with `false` run on. */
  freeze(frozen = true): Promise<Clock> {
    return this.sandbox<Clock>("PATCH", "/clock", { frozen });
  }

  /** Everything there is, as one document. It holds app secrets. */
  exportState(): Promise<State> {
    return this.sandbox<State>("GET", "/state");
  }

  /** Puts an exported document in the place of everything there is, the clock included: all of it, or {@link Failure}. */
  importState(state: State): Promise<Imported> {
    return this.sandbox<Imported>("PUT", "/state", state);
  }

  /** Starts over: live calls end without a word, everything is seeded anew. Rule time goes on. */
  async reset(): Promise<void> {
    await this.sandbox("POST", "/reset");
  }

  /** Faults for everybody from now on, in place of those before; the same seed strikes the same places again. */
  setFaults(plan: FaultPlan): Promise<FaultsOn> {
    return this.sandbox<FaultsOn>("PUT", "/faults", plan);
  }

  /** The faults that hold, each with how many it has looked at and struck. */
  faultsOn(): Promise<FaultsOn> {
    return this.sandbox<FaultsOn>("GET", "/faults");
  }

  /** Nothing fails any more. */
  async clearFaults(): Promise<void> {
    await this.sandbox("DELETE", "/faults");
  }

  /** Makes `callbackUrl` the app's: webhooks come there from now on. */
  async subscribe(callbackUrl: string, verifyToken: string, fields = "calls,messages"): Promise<void> {
    const body = { object: "whatsapp_business_account", callback_url: callbackUrl, verify_token: verifyToken, fields };
    await this.request("POST", `/v25.0/${this.appId}/subscriptions`, body, { authorization: `Bearer ${this.appId}|${this.appSecret}` });
  }

  /** Every webhook after this id with its attempts, oldest first. */
  async deliveries(after: string | number = 0): Promise<Delivery[]> {
    const found: Delivery[] = [];
    for (;;) {
      const last = found.at(-1)?.id ?? after;
      const page = await this.sandbox<{ data: Delivery[] }>("GET", `/deliveries?after=${last}`);
      if (page.data.length === 0) return found;
      found.push(...page.data);
    }
  }

  /** What became of the webhooks that are not delivered yet, in a clause; empty where there are none. */
  async failedWebhooks(): Promise<string> {
    const failed = (await this.deliveries()).filter((one) => one.state !== "delivered" && one.attempts.length > 0);
    const told = failed.slice(-3).map(undelivered);
    return [...told, ...(failed.length > 3 ? [`${failed.length - 3} more failed`] : [])].join("; ");
  }

  /** Sends this webhook once more, the same bytes, beside its schedule; answers when the attempt is over. */
  replay(delivery: string | number): Promise<Replayed> {
    return this.sandbox("POST", `/deliveries/${delivery}/replay`);
  }

  /** Requests, webhook attempts and media steps as the inspector shows them, oldest first: all of a call's, or what came after an entry's `id`. */
  async timeline(of: { call?: string; kinds?: TimelineEntry["kind"][]; failures?: boolean; after?: string } = {}): Promise<TimelineEntry[]> {
    const found: TimelineEntry[] = [];
    for (;;) {
      const query = new URLSearchParams();
      const after = found.at(-1)?.id ?? of.after;
      if (of.call) query.set("call", of.call);
      if (of.kinds?.length) query.set("kind", of.kinds.join(","));
      if (of.failures) query.set("failures", "true");
      if (after) query.set("after", after);
      const page = await this.sandbox<{ data: TimelineEntry[] }>("GET", `/timeline?${query}`);
      if (page.data.length === 0) return found;
      found.push(...page.data);
    }
  }

  /** Creates or changes a simulated user; what is left out stays as it is. */
  async user(waId: string, options: UserOptions = {}): Promise<User> {
    const behaviour: Record<string, unknown> = { ...options.behaviour };
    if (options.onRing !== undefined) behaviour["on_ring"] = options.onRing;
    if (options.toneHz !== undefined) behaviour["audio"] = { tone_hz: options.toneHz };
    else if (options.file !== undefined) behaviour["audio"] = { file: options.file, repeat: options.repeat ?? true };
    else if (options.silence) behaviour["audio"] = { silence: true };
    if (options.network !== undefined) behaviour["network"] = options.network;
    const body: Record<string, unknown> = { wa_id: waId };
    if (options.name !== undefined) body["name"] = options.name;
    if (Object.keys(behaviour).length > 0) body["behaviour"] = behaviour;
    await this.sandbox("POST", "/users", body);
    return new User(this, waId);
  }
}

/** A simulated customer. */
export class User {
  constructor(
    readonly ahoy: Ahoy,
    readonly waId: string,
  ) {}

  #path(rest: string): string {
    return `/users/${this.waId}${rest}`;
  }

  /** Calls the business; {@link Failure} carries what the phone would show if that cannot be. */
  async call(options: { to?: string; ctaPayload?: string; deeplinkPayload?: string; fault?: string } = {}): Promise<Call> {
    const body = { to: options.to ?? this.ahoy.phoneNumberId, cta_payload: options.ctaPayload, deeplink_payload: options.deeplinkPayload };
    const told = await this.ahoy.sandbox<{ id: string }>("POST", this.#path("/calls"), body, options.fault === undefined ? {} : { fault: options.fault });
    return new Call(this, told.id);
  }

  /** All calls of this user, oldest first. */
  async calls(): Promise<CallView[]> {
    return (await this.ahoy.sandbox<{ data: CallView[] }>("GET", this.#path("/calls"))).data;
  }

  /** Waits for a call of the business that is not over, and answers the newest. */
  async rung(within = 10_000): Promise<Call> {
    const live = async () => (await this.calls()).filter((call) => call.direction === "BUSINESS_INITIATED" && call.state !== "ended");
    const calls = await until(live, (seen) => (seen.length > 0 ? undefined : `no call of the business rings ${this.waId}`), within, () => clause(this.ahoy));
    return new Call(this, calls.at(-1)!.id);
  }

  /** Answers the newest open permission request, or that of `messageId`; with none open, sets the grant directly. */
  permission(response: PermissionResponse = "accept", options: { phoneNumberId?: string; messageId?: string } = {}): Promise<Record<string, unknown>> {
    const body = { phone_number_id: options.phoneNumberId ?? this.ahoy.phoneNumberId, response, message_id: options.messageId };
    return this.ahoy.sandbox("POST", this.#path("/permission"), body);
  }

  /** Sends the business a text message. */
  write(text: string, to?: string): Promise<Record<string, unknown>> {
    return this.ahoy.sandbox("POST", this.#path("/messages"), { to: to ?? this.ahoy.phoneNumberId, type: "text", text: { body: text } });
  }

  /** Taps the call button in that message. */
  async tap(messageId: string): Promise<Call> {
    const told = await this.ahoy.sandbox<{ id: string }>("POST", this.#path("/taps"), { message_id: messageId });
    return new Call(this, told.id);
  }

  /** Taps the button with which the business asked for the number (`request_contact_info`). */
  shareNumber(messageId: string): Promise<Record<string, unknown>> {
    return this.ahoy.sandbox("POST", this.#path("/share_number"), { message_id: messageId });
  }

  /** Takes another number: chats, calls and permissions go along, ids do not. Answers the user under the new one. */
  async changeNumber(waId: string): Promise<User> {
    const told = await this.ahoy.sandbox<{ wa_id: string }>("POST", this.#path("/number"), { wa_id: waId });
    return new User(this.ahoy, told.wa_id);
  }

  /** What the business sees of the user now: whether its webhooks carry the number, and why. */
  seen(phoneNumberId?: string): Promise<Record<string, unknown>> {
    const number = encodeURIComponent(phoneNumberId ?? this.ahoy.phoneNumberId);
    return this.ahoy.sandbox("GET", this.#path(`/seen?phone_number_id=${number}`));
  }

  /** The chat with the business, oldest first. */
  async thread(phoneNumberId?: string): Promise<Record<string, unknown>[]> {
    const number = encodeURIComponent(phoneNumberId ?? this.ahoy.phoneNumberId);
    return (await this.ahoy.sandbox<{ data: Record<string, unknown>[] }>("GET", this.#path(`/thread?phone_number_id=${number}`))).data;
  }
}

/** A call of a simulated user. */
export class Call {
  constructor(
    readonly user: User,
    readonly id: string,
  ) {}

  #act<T>(method: string, rest: string, body?: unknown): Promise<T> {
    return this.user.ahoy.sandbox<T>(method, `/users/${this.user.waId}/calls/${encodeURIComponent(this.id)}${rest}`, body);
  }

  /** State, direction, times, what was heard and the media timeline. */
  look(): Promise<CallView> {
    return this.#act("GET", "");
  }

  /** Of webhooks that failed, and the verdict on the call's media, as it follows in a message. */
  async #why(call: CallView): Promise<string> {
    return (await clause(this.user.ahoy)) + (call.media?.verdict ? `. ${call.media.verdict}` : "");
  }

  /** Waits until the call is in that state; one that has gone past it throws at once. */
  wait(state: CallState, within = 10_000): Promise<CallView> {
    return until(
      () => this.look(),
      (seen) => {
        if (seen.state === state) return undefined;
        if (ORDER[seen.state] > ORDER[state]) throw new GaveUp(`the call never was ${state}: it is ${seen.state} (${seen.end_cause})`);
        return `the call is ${seen.state}, not ${state}`;
      },
      within,
      (seen) => this.#why(seen),
    );
  }

  /** What was in the user's ear so far. */
  async heard(): Promise<Heard> {
    return ear(await this.look());
  }

  /** What the business sent as it was in the user's ear from accept on, as a WAV file: mono, 16 bits, silence where nothing came.
   * {@link Failure} where the sound is no longer kept. */
  heardWav(rate: 8000 | 12000 | 16000 | 24000 | 48000 = 8000): Promise<Uint8Array> {
    return this.user.ahoy.bytes("GET", `/sandbox/v1/users/${this.user.waId}/calls/${encodeURIComponent(this.id)}/heard.wav?rate=${rate}`);
  }

  /** Waits until the user hears what is expected, all of it at the same time: a pitch alone, or any of {@link Expected}. */
  async hears(expected: number | Expected = {}, within = 10_000, tolerance = 0.01): Promise<Heard> {
    const { toneHz, louderThan, quieterThan, atLeastMs = 1 } = typeof expected === "number" ? { toneHz: expected } : expected;
    const right = ({ tone_hz, level_dbfs, audio_ms }: Heard) => {
      if (toneHz !== undefined && (tone_hz === null || Math.abs(tone_hz - toneHz) > toneHz * tolerance)) return false;
      // Silence has no level: it is neither louder nor quieter than anything.
      if (louderThan !== undefined && (level_dbfs === null || level_dbfs <= louderThan)) return false;
      if (quieterThan !== undefined && (level_dbfs === null || level_dbfs >= quieterThan)) return false;
      return audio_ms >= atLeastMs;
    };
    const wanted: string[] = [];
    if (toneHz !== undefined) wanted.push(`${toneHz} Hz`);
    if (louderThan !== undefined) wanted.push(`louder than ${louderThan} dBFS`);
    if (quieterThan !== undefined) wanted.push(`quieter than ${quieterThan} dBFS`);
    if (atLeastMs > 1) wanted.push(`at least ${atLeastMs} ms`);
    return this.#hears(wanted.join(", ") || "any sound", right, within);
  }

  /** Waits until these digits of the business have come. */
  hearsDigits(digits: string, within = 10_000): Promise<Heard> {
    return this.#hears(`the digits ${digits}`, (heard) => heard.digits.includes(digits), within);
  }

  async #hears(wanted: string, right: (heard: Heard) => boolean, within: number): Promise<Heard> {
    const missing = (call: CallView) => (right(ear(call)) ? undefined : `${this.user.waId} should hear ${wanted}, and heard ${inWords(ear(call))}`);
    return ear(await until(() => this.look(), missing, within, (call) => this.#why(call)));
  }

  /** Why the call was silent, or that both sides heard each other, in a sentence. */
  async verdict(): Promise<string> {
    return (await this.look()).media?.verdict ?? "";
  }

  /** The user takes the call. */
  async answer(): Promise<void> {
    await this.#act("POST", "/answer");
  }

  /** The user declines. */
  async reject(): Promise<void> {
    await this.#act("POST", "/reject");
  }

  /** The user ends the call. */
  async hangUp(): Promise<void> {
    await this.#act("POST", "/hang_up");
  }

  /** The user presses keys. */
  async press(digits: string): Promise<void> {
    await this.#act("POST", "/dtmf", { digits });
  }
}
