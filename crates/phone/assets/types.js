// The words of the phone protocol (docs/phone-protocol.md) as types; nothing runs here.

/**
 * @typedef {{ id: string, name: string, number: string, calling: boolean, call_icon: boolean, description?: string, picture?: string }} Business
 * @typedef {'USER_INITIATED' | 'BUSINESS_INITIATED'} Direction
 * @typedef {'ringing' | 'connected' | 'answered' | 'missed' | 'declined' | 'cancelled' | 'no_answer' | 'failed'} Outcome
 * @typedef {{ call_id: string, direction: Direction, outcome: Outcome, text: string, at: number, duration_seconds: number | null }} Entry
 * @typedef {{ business: Business, entries: Entry[] }} Thread
 * @typedef {{ call_id: string, direction: Direction, rings: boolean, connected: boolean }} HeldCall
 * @typedef {{ wa_id: string, name: string, number: string }} Person
 * @typedef {{ type: 'welcome', version: number, session: string, resumed: boolean, resume_seconds: number, user: Person, calls: HeldCall[], seq: number }} Welcome
 * @typedef {{ type: 'ring', seq: number, call_id: string, business: { id: string, name: string }, sdp: string }} Ring
 * @typedef {{ type: 'connected', seq: number, call_id: string }} Connected
 * @typedef {{ type: 'ended', seq: number, call_id: string, cause: string, connected: boolean, reason: string }} Ended
 * @typedef {{ type: 'thread_changed', seq: number, call_id: string }} ThreadChanged
 * @typedef {{ code: string, message: string, field?: string }} Problem
 * @typedef {Ring | Connected | Ended | ThreadChanged} Event
 */

export {};
