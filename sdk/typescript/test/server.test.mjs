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

test("level and length of what was heard, and its bytes", async () => {
  const { ahoy } = started;
  const call = await (await ahoy.user("447700900308", { toneHz: 523 })).call();
  await call.wait("connected");
  const heard = await call.hears({ toneHz: 523, louderThan: -30, quieterThan: -3, atLeastMs: 1_500 }, 20_000);
  assert.ok(heard.level_dbfs > -30 && heard.level_dbfs < -3 && heard.audio_ms >= 1_500, JSON.stringify(heard));
  await call.hangUp();
  await call.wait("ended");
  for (const rate of [8_000, 48_000]) {
    const wav = Buffer.from(await call.heardWav(rate));
    assert.equal(wav.toString("latin1", 0, 4) + wav.toString("latin1", 8, 12), "RIFFWAVE");
    assert.deepEqual([wav.readUInt16LE(22), wav.readUInt32LE(24), wav.readUInt16LE(34)], [1, rate, 16]);
    assert.ok((wav.length - 44) / 2 / rate >= 1.5, `${wav.length} bytes`);
    assert.ok(wav.subarray(44).some((byte) => byte !== 0));
  }
  await assert.rejects(call.heardWav(44_100), (fault) => fault instanceof Failure && /44100/.test(fault.message));
});

test("a user who hears something else is told in two sentences", async () => {
  const { ahoy } = started;
  const call = await (await ahoy.user("447700900309", { toneHz: 523 })).call();
  await call.wait("connected");
  await call.hears(523, 20_000);
  const verdict = await call.verdict();
  await assert.rejects(call.hears({ toneHz: 900, louderThan: -30 }, 100), (fault) => {
    assert.ok(fault instanceof GaveUp);
    assert.match(fault.message, /^after 100 ms: 447700900309 should hear 900 Hz, louder than -30 dBFS, and heard 52\d.* Hz at -.* dBFS, \d+ ms of sound/);
    return fault.message.endsWith(verdict) && fault.message.length < 300 && fault.seen.id === call.id;
  });
  await assert.rejects(call.hears({ quieterThan: -60 }, 100), /quieter than -60 dBFS/);
  await assert.rejects(call.hears({ atLeastMs: 600_000 }, 100), /at least 600000 ms/);
  const deaf = await (await ahoy.user("447700900312")).call({ fault: "no_dtls" });
  await assert.rejects(deaf.hears({}, 100), /should hear any sound, and heard nothing/);
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

test("a frozen clock waits for its jump, and a state goes out and comes back", async () => {
  const { ahoy } = started;
  const clock = await ahoy.freeze();
  assert.equal(clock.frozen, true);
  assert.equal(await ahoy.advanceTo(clock.now + 60), clock.now + 60);
  await ahoy.user("447700900305", { name: "Cleo" });
  const state = await ahoy.exportState();
  await ahoy.reset();
  assert.equal((await ahoy.importState(state)).ended_calls, 0);
  assert.deepEqual(await ahoy.exportState(), state);
  await assert.rejects(ahoy.importState({ ...state, version: 2 }), /version: 1 is expected/);
  assert.equal((await ahoy.freeze(false)).frozen, false);
});

test("a refusal carries the server's sentence", async () => {
  await assert.rejects(started.ahoy.user("not a number"), (fault) => fault instanceof Failure && fault.status === 400 && /not a phone number/.test(fault.message));
});

test("a webhook is sent once more, and all is on the time line", async () => {
  const { ahoy } = started;
  const call = await (await ahoy.user("447700900310")).call();
  await call.wait("connected");
  await call.hangUp();
  await call.wait("ended");
  await ahoy.advance({ seconds: 1 }); // answers when the webhooks were handed over
  const connect = (await ahoy.deliveries()).find((one) => one.call_id === call.id);
  const again = await ahoy.replay(connect.id);
  assert.equal(again.replayed.replay, true);
  const told = await ahoy.timeline({ call: call.id });
  for (const kind of ["api", "webhook", "media", "verdict", "call"]) assert.ok(told.some((entry) => entry.kind === kind), kind);
  assert.deepEqual(await ahoy.timeline({ call: call.id, after: told.at(-1).id }), []);
  await assert.rejects(ahoy.replay(1e9), (fault) => fault instanceof Failure && fault.status === 404);
});

test("faults are on as long as they are asked for", async () => {
  const { ahoy } = started;
  const asked = `${ahoy.phoneNumberId}/call_permissions?user_wa_id=447700900305`;
  const on = await ahoy.setFaults({ seed: 7, api: { error_code: 131000, path: "call_permissions" } });
  assert.deepEqual([on.on, on.api[0].error_code], [true, 131000]);
  await assert.rejects(ahoy.business("GET", asked), (fault) => fault instanceof Failure && fault.status === 500 && fault.code === 131000);
  assert.equal((await ahoy.faultsOn()).api[0].struck, 1);
  await ahoy.clearFaults();
  assert.ok((await ahoy.business("GET", asked)).permission);
  await assert.rejects(ahoy.business("GET", asked, undefined, { fault: "error_code=4" }), (fault) => fault instanceof Failure && fault.code === 4);
});

test("a fault of one call is no other one's", async () => {
  const { ahoy } = started;
  const late = await (await ahoy.user("447700900306")).call({ fault: "dtls_late_ms=300" });
  const sound = await (await ahoy.user("447700900307")).call();
  const told = [];
  for (const call of [late, sound]) {
    const { media } = await call.wait("connected");
    told.push(media.timeline.filter((entry) => entry.event === "fault").map((entry) => entry.fault));
  }
  assert.deepEqual(told, [["dtls_late_ms=300"], []]);
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

test("who waits in vain is told of the webhooks that failed", async () => {
  const { ahoy } = started;
  await ahoy.setFaults({ webhooks: { drop: 1 } });
  const call = await (await ahoy.user("447700900307")).call();
  const failed = /the call is ringing, not connected; the connect webhook to http:\S+ failed: a fault kept it from being sent \(\d/;
  await assert.rejects(call.wait("connected", 1_000), (fault) => fault instanceof GaveUp && failed.test(fault.message));
  await call.hangUp();
  await assert.rejects(call.wait("connected"), /never was connected.*; the connect webhook to/);
  await ahoy.clearFaults();
});
