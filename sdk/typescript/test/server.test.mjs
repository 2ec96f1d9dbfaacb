import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { Ahoy, Failure, GaveUp, NotReady, Server, startAhoy } from "../dist/index.js";

let started;
before(async () => { started = await startAhoy(); });
after(() => started.stop());
beforeEach(() => started.ahoy.reset());

test("the sample agent answers a call and echoes the caller", async () => {
  const { ahoy } = started;
  const call = await (await ahoy.user("447700900301", { toneHz: 523 })).call();
  await call.wait("connected");
  const heard = await call.hears(523, 20_000); // after its greeting the agent echoes the caller
  assert.equal(heard.lost, 0);
  await call.hangUp();
  assert.equal((await call.wait("ended")).end_cause, "user_hung_up");
  assert.notEqual(await call.verdict(), "");
});

test("a user's network is in the ear", async () => {
  const { ahoy } = started;
  const call = await (await ahoy.user("447700900306", { toneHz: 523, network: { loss: 0.2, seed: 1 } })).call();
  await call.wait("connected");
  const heard = await call.hears(523, 20_000);
  assert.ok(heard.lost > 0 && heard.gaps.length > 0, JSON.stringify(heard));
  await assert.rejects(ahoy.user("447700900306", { network: { loss: 2 } }), /network: loss: 2/);
});

test("a week passes in one step and a permission runs out with it", async () => {
  const { ahoy } = started;
  const user = await ahoy.user("447700900302");
  await user.permission("accept");
  const asked = `${ahoy.phoneNumberId}/call_permissions?user_wa_id=${user.waId}`;
  assert.equal((await ahoy.business("GET", asked)).permission.status, "temporary");
  const before = await ahoy.now();
  assert.ok((await ahoy.advance({ days: 7 })) - before >= 604_800);
  assert.equal((await ahoy.business("GET", asked)).permission.status, "no_permission");
});

test("a refusal carries the server's sentence", async () => {
  await assert.rejects(started.ahoy.user("not a number"), (fault) => fault instanceof Failure && fault.status === 400 && /not a phone number/.test(fault.message));
});

test("who gives up says what was missing", async () => {
  const call = await (await started.ahoy.user("447700900303")).call();
  await call.wait("connected");
  await call.hangUp();
  await call.wait("ended");
  await assert.rejects(call.wait("ringing", 100), (fault) => fault instanceof GaveUp && /never was ringing/.test(fault.message));
});

test("two servers do not meet", async () => {
  const other = await new Server().start();
  try {
    await new Ahoy(other.url).user("447700900304", { name: "Only there" });
    const { data } = await started.ahoy.sandbox("GET", "/users");
    assert.ok(data.every((user) => user.name !== "Only there"));
  } finally {
    await other.stop();
  }
  assert.equal(other.alive, false);
});

test("a missing binary is named", () => {
  assert.throws(() => new Server({ binary: "/nowhere/ahoy" }), (fault) => fault instanceof NotReady && /\/nowhere\/ahoy/.test(fault.message));
});
