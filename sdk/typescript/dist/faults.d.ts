/** What can be asked to go wrong. A switch may be a probability from 0 to 1. */
/** What any rule may have. */
export interface FaultRule {
    /** How often it strikes; 1 if left out. */
    probability?: number;
    /** It strikes at most this often. */
    times?: number;
    /** Only this business number, by id or digits. */
    number?: string;
}
/** A rule about attempts to deliver webhooks. */
export interface WebhookFault extends FaultRule {
    drop?: boolean | number;
    timeout?: boolean | number;
    duplicate?: boolean | number;
    reorder?: boolean | number;
    chunked?: boolean | number;
    delay_ms?: number;
    event?: string;
    call?: string;
    receiver?: string;
    attempt?: number;
}
/** A rule about requests to the business API. */
export interface ApiFault extends FaultRule {
    error_code?: number;
    latency_ms?: number;
    cut?: "before" | "after" | "half" | boolean;
    method?: string;
    path?: string;
    action?: string;
    call?: string;
}
/** A rule about the media of new calls, between the platform and the business. */
export interface MediaFault extends FaultRule {
    loss?: number;
    loss_to_business?: number;
    loss_to_user?: number;
    no_ice?: boolean | number;
    no_dtls?: boolean | number;
    dtls_late_ms?: number;
    one_way?: "to_business" | "to_user";
    event_lost?: number;
    event_repeated?: number;
    press?: number;
    dtls_alert?: "close_notify" | "fatal";
    after_ms?: number;
    codec_refused?: boolean | number;
    call?: string;
    user?: string;
    direction?: "business_initiated" | "user_initiated";
}
/** A rule about new calls. */
export interface ProcessFault extends FaultRule {
    refuse_calls?: boolean | number;
    over_capacity?: boolean | number;
    user?: string;
    direction?: "business_initiated" | "user_initiated";
}
/** Everything that is to go wrong. */
export interface FaultPlan {
    seed?: number;
    webhooks?: WebhookFault | WebhookFault[];
    api?: ApiFault | ApiFault[];
    media?: MediaFault | MediaFault[];
    process?: ProcessFault | ProcessFault[];
}
/** How often a rule has looked and struck. */
export interface FaultCounts {
    seen: number;
    struck: number;
}
/** The plan that holds. */
export interface FaultsOn {
    on: boolean;
    seed: number;
    webhooks: (WebhookFault & FaultCounts)[];
    api: (ApiFault & FaultCounts)[];
    media: (MediaFault & FaultCounts)[];
    process: (ProcessFault & FaultCounts)[];
}
