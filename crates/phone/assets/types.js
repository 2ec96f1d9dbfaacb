// The words of the phone protocol (docs/phone-protocol.md) as types; nothing runs here.

/**
 * @typedef {{ zone: string, week: [string, string][], dates: [string, string][] }} Hours
 * @typedef {{ id: string, name: string, number: string, calling: boolean, call_icon: boolean, no_icon: string | null, no_icon_reason: string | null, open: boolean, next_opening: number | null, opens: string | null, hours?: Hours, callback: boolean, official?: boolean, description?: string, picture?: string }} Business
 * @typedef {'USER_INITIATED' | 'BUSINESS_INITIATED'} Direction
 * @typedef {'ringing' | 'connected' | 'answered' | 'missed' | 'declined' | 'cancelled' | 'no_answer' | 'failed'} Outcome
 * @typedef {{ kind: 'call', call_id: string, direction: Direction, outcome: Outcome, text: string, at: number, duration_seconds: number | null }} CallEntry
 * @typedef {'text' | 'call_button' | 'permission_request' | 'buttons' | 'list' | 'button_reply' | 'list_reply' | 'template_reply' | 'template' | 'audio' | 'contact_request' | 'shared_number' | 'system'} MessageKind
 * @typedef {{ type?: 'url' | 'phone_number' | 'quick_reply', title: string, id?: string, url?: string, phone_number?: string }} Choice
 * @typedef {{ title?: string | null, rows: { id: string, title: string, description?: string | null }[] }} Section
 * @typedef {{
 *   kind: MessageKind, id: string, from: 'business' | 'user' | 'platform', at: number, state: string, context?: string,
 *   header?: string, body?: string, footer?: string, title?: string, description?: string,
 *   buttons?: Choice[], button?: string, sections?: Section[],
 *   call_button?: { display_text: string, expires: number }, call_works?: boolean,
 *   request?: { answer?: 'accept' | 'accept_permanent' | 'reject' | null, expires?: number | null },
 *   contact_request?: { shared_at: number | null },
 *   request_state?: 'open' | 'accepted' | 'declined' | 'expired', can_answer?: boolean,
 * }} Message
 * @typedef {CallEntry | Message} Entry
 * @typedef {{ kind: 'none' | 'temporary' | 'permanent', until?: number }} Permission
 * @typedef {{ business: Business, entries: Entry[], typing: boolean, blocked: boolean, window_until: number | null, permission: Permission, unread: boolean, notes?: { linked: boolean, asked: boolean } }} Thread
 * @typedef {{ call_id: string, direction: Direction, rings: boolean, connected: boolean }} HeldCall
 * @typedef {{ wa_id: string, name: string, number: string }} Person
 * @typedef {{ type: 'welcome', version: number, session: string, resumed: boolean, resume_seconds: number, user: Person, calls: HeldCall[], seq: number }} Welcome
 * @typedef {{ type: 'ring', seq: number, call_id: string, business: { id: string, name: string }, sdp: string }} Ring
 * @typedef {{ type: 'connected', seq: number, call_id: string }} Connected
 * @typedef {{ type: 'ended', seq: number, call_id: string, cause: string, connected: boolean, reason: string }} Ended
 * @typedef {{ type: 'thread_changed', seq: number, call_id?: string, business?: string }} ThreadChanged
 * @typedef {{ code: string, message: string, field?: string }} Problem
 * @typedef {Ring | Connected | Ended | ThreadChanged} Event
 */

export {};
