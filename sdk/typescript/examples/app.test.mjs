import assert from "node:assert/strict";
import { test } from "node:test";
import { startAhoy } from "ahoy-sandbox";
import { startApp } from "./app.mjs";

test("a call outside opening hours is turned away", async () => {
  const { ahoy, stop } = await startAhoy();
  const app = await startApp({ graph: ahoy.graph, token: ahoy.token, secret: ahoy.appSecret, verifyToken: "v", isOpen: () => false });
  try {
    await ahoy.subscribe(app.url, "v");
    const call = await (await ahoy.user("447700900321")).call();
    assert.equal((await call.wait("ended")).end_cause, "business_rejected");
  } finally {
    await app.stop();
    await stop();
  }
});
