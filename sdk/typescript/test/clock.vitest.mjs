import { createServer } from "node:http";
import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";

import { startAhoy } from "../dist/index.js";

let started;
let business;
beforeAll(async () => {
  started = await startAhoy();
  // A business that is there and takes no call.
  business = createServer((request, response) => response.end(new URL(request.url, "http://business").searchParams.get("hub.challenge") ?? ""));
  business.listen(0, "127.0.0.1");
  await once(business, "listening");
});
afterAll(async () => {
  business?.closeAllConnections();
  business?.close();
  await started?.stop();
});

test("a call that nobody takes ends after a minute of rule time", async () => {
  const { ahoy } = started;
  await ahoy.subscribe(`http://127.0.0.1:${business.address().port}/`, "v");
  const call = await (await ahoy.user("447700900311")).call();
  expect((await call.look()).state).toBe("ringing");
  await ahoy.advance({ seconds: 61 });
  expect(await call.wait("ended")).toMatchObject({ end_cause: "no_answer", duration: null });
});
