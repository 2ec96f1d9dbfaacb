// The words of the time line (docs/sandbox.md, Inspector) as types; nothing runs here.

/**
 * @typedef {'api' | 'sandbox' | 'admin' | 'webhook' | 'media' | 'verdict' | 'call' | 'clock' | 'reset'} Kind
 * @typedef {{ headers: { [name: string]: string }, body: string | null, body_bytes: number, body_cut: boolean }} Message
 * @typedef {{
 *   method: string, path: string, token: string | null, credential: 'seeded' | 'seeded_app' | null,
 *   request: Message, answer: Message, status: number | null, took_ms: number, error: string | null,
 * }} Exchange
 * @typedef {{
 *   phase: 'started' | 'ended', delivery_id: string, attempt: number | null, replay: boolean, app_id: string, field: string,
 *   event: string | null, url: string, request: Message, answer: Message | null, status: number | null, note: string,
 *   took_ms: number | null, state: string | null, next_attempt_at: number | null,
 * }} Attempt
 * @typedef {{
 *   side: string, local: boolean, remote: string | null, received: number, before_accept: number, lost: number,
 *   jitter_ms: number, rtt_ms: number | null, sent: number, bad_authentication: number,
 * }} Leg
 * @typedef {{ verdict: string, legs: Leg[] }} Verdict
 * @typedef {{ step: 'placed' | 'rings' | 'answered' | 'connected' | 'ended', direction?: string, cause?: string, status?: string, error_code?: number | null }} Step
 * @typedef {{ from_ms: number, to_ms: number }} Jump
 * @typedef {{
 *   id: string, seq: number, kind: Kind, at: number, at_ms: number, real_ms: number, call_id: string | null,
 *   phone_number_id: string | null, wa_id: string | null, completes: number | null, failed: boolean, text: string,
 *   what: any,
 * }} Entry
 * @typedef {{ id: string, user: string | null, number: string | null, at_ms: number, real_ms: number, placed: boolean, state: string, failed: boolean, verdict: string | null, silent: boolean }} CallSummary
 */

export {};
