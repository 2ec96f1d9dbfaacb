/** Ahoy's sandbox for tests: a platform of your own on free ports, simulated customers, a clock that jumps. */

export { Ahoy, Call, Failure, User } from "./client.js";
export type { CallState, CallView, Clock, Delivery, Expected, Gap, Heard, Imported, Network, OnRing, PermissionResponse, Replayed, State, TimelineEntry, UserOptions } from "./client.js";
export type { ApiFault, FaultCounts, FaultPlan, FaultRule, FaultsOn, MediaFault, ProcessFault, WebhookFault } from "./faults.js";
export { findBinary, NotReady, Server } from "./server.js";
export type { Account, ServerOptions } from "./server.js";
export { GaveUp } from "./waiting.js";

import { Ahoy } from "./client.js";
import { Server, type ServerOptions } from "./server.js";

/** A running sandbox and the way to end it. */
export interface Started {
  ahoy: Ahoy;
  server: Server;
  /** Asks the server to end, waits, and removes its data. */
  stop(): Promise<void>;
}

/** Starts a server on free ports and answers when it is ready. */
export async function startAhoy(options: ServerOptions = {}): Promise<Started> {
  const server = await new Server(options).start();
  return { ahoy: new Ahoy(server.url, server.account), server, stop: () => server.stop() };
}
