/** Ahoy's sandbox for tests: a platform of your own on free ports, simulated customers, a clock that jumps. */
export { Ahoy, Call, Failure, User } from "./client.js";
export { findBinary, NotReady, Server } from "./server.js";
export { GaveUp } from "./waiting.js";
import { Ahoy } from "./client.js";
import { Server } from "./server.js";
/** Starts a server on free ports and answers when it is ready. */
export async function startAhoy(options = {}) {
    const server = await new Server(options).start();
    return { ahoy: new Ahoy(server.url, server.account), server, stop: () => server.stop() };
}
