import asyncio
import io
import os
import sys
import wave

import pytest

from ahoy_sandbox import Ahoy, Failure, GaveUp, NotReady, Server
from ahoy_sandbox.waiting import until


def test_the_sample_agent_answers_a_call_and_echoes_the_caller(ahoy: Ahoy):
    call = ahoy.user("447700900101", tone_hz=523).call()
    call.wait("connected")
    assert call.hears(523, within=20).lost == 0  # after its greeting the agent echoes the caller
    call.hang_up()
    assert call.wait("ended")["end_cause"] == "user_hung_up"
    assert call.verdict


def test_level_and_length_of_what_was_heard_and_its_bytes(ahoy: Ahoy):
    call = ahoy.user("447700900107", tone_hz=523).call()
    call.wait("connected")
    heard = call.hears(523, within=20, louder_than=-30, quieter_than=-3, at_least_ms=1_500)
    assert -30 < heard.level_dbfs < -3 and heard.audio_ms >= 1_500
    call.hang_up()
    call.wait("ended")
    for rate in (8_000, 48_000):
        with wave.open(io.BytesIO(call.heard_wav(rate))) as sound:
            assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (rate, 1, 2)
            assert sound.getnframes() / rate >= 1.5
            assert any(sound.readframes(sound.getnframes()))
    with pytest.raises(Failure, match="44100"):
        call.heard_wav(44_100)


def test_a_user_who_hears_something_else_is_told_in_two_sentences(ahoy: Ahoy):
    call = ahoy.user("447700900108", tone_hz=523).call()
    call.wait("connected")
    call.hears(523, within=20)
    with pytest.raises(GaveUp, match=r"^after 0\.1 s: 447700900108 should hear 900 Hz, louder than -30 dBFS, and heard 52\d.* Hz at -.* dBFS, \d+ ms of sound") as told:
        call.hears(900, within=0.1, louder_than=-30)
    assert call.verdict in str(told.value) and len(str(told.value)) < 300
    assert told.value.seen["id"] == call.id
    with pytest.raises(GaveUp, match="quieter than -60 dBFS"):
        call.hears(within=0.1, quieter_than=-60)
    with pytest.raises(GaveUp, match="at least 600000 ms"):
        call.hears(within=0.1, at_least_ms=600_000)
    deaf = ahoy.user("447700900109").call(fault="no_dtls")
    with pytest.raises(GaveUp, match="should hear any sound, and heard nothing"):
        deaf.hears(within=0.1)


def test_a_users_network_is_in_the_ear(ahoy: Ahoy):
    call = ahoy.user("447700900106", network={"loss": 0.3, "seed": 1}).call()
    call.wait("connected")
    heard = until(lambda: call.heard, lambda heard: None if heard.packets >= 50 else "fifty packets", within=20)
    assert heard.lost > 0 and sum(gap["missing"] for gap in heard.gaps) == heard.lost
    with pytest.raises(Failure, match="network: loss: 2"):
        ahoy.user("447700900106", network={"loss": 2})


def test_a_week_passes_in_one_step(ahoy: Ahoy):
    before = ahoy.now()
    assert ahoy.advance(days=7) - before >= 604_800


def test_a_frozen_clock_waits_for_its_jump(ahoy: Ahoy):
    clock = ahoy.freeze()
    assert clock.frozen and ahoy.clock().now_ms == clock.now_ms
    assert ahoy.advance_to(clock.now + 60) == clock.now + 60
    assert not ahoy.freeze(False).frozen


def test_a_state_goes_out_and_comes_back(ahoy: Ahoy):
    ahoy.freeze()
    ahoy.user("447700900105", name="Cleo")
    state = ahoy.export_state()
    ahoy.reset()
    assert ahoy.import_state(state).ended_calls == 0
    assert ahoy.export_state() == state
    with pytest.raises(Failure, match="version: 1 is expected"):
        ahoy.import_state({**state, "version": 2})
    ahoy.freeze(False)


def test_a_permission_runs_out(ahoy: Ahoy):
    user = ahoy.user("447700900102")
    user.permission("accept")
    asked = f"{ahoy.phone_number_id}/call_permissions?user_wa_id={user.wa_id}"
    assert ahoy.business("GET", asked)["permission"]["status"] == "temporary"
    ahoy.advance(days=7)
    assert ahoy.business("GET", asked)["permission"]["status"] == "no_permission"


def test_a_refusal_carries_the_servers_sentence(ahoy: Ahoy):
    with pytest.raises(Failure, match="seconds") as refused:
        ahoy.sandbox("POST", "/clock/advance", {"seconds": "soon"})
    assert refused.value.status == 400


def test_faults_are_on_as_long_as_they_are_asked_for(ahoy: Ahoy):
    with ahoy.faults(seed=7, api={"error_code": 131000, "path": "call_permissions", "times": 1}):
        assert ahoy.request("GET", "/healthz")["faults"] == ["error_code=131000;path=call_permissions;times=1"]
        asked = f"{ahoy.phone_number_id}/call_permissions?user_wa_id=447700900106"
        with pytest.raises(Failure) as refused:
            ahoy.business("GET", asked)
        assert (refused.value.status, refused.value.code) == (500, 131000)
        assert ahoy.business("GET", asked)["permission"]
        assert ahoy.faults_on()["api"][0]["struck"] == 1
    assert ahoy.request("GET", "/healthz")["faults"] == []


def test_a_fault_of_one_call_is_no_other_ones(ahoy: Ahoy):
    late = ahoy.user("447700900107").call(fault="dtls_late_ms=300")
    sound = ahoy.user("447700900108").call()
    told = []
    for call in (late, sound):
        timeline = call.wait("connected")["media"]["timeline"]
        told.append([entry["fault"] for entry in timeline if entry["event"] == "fault"])
    assert told == [["dtls_late_ms=300"], []]
    with pytest.raises(Failure, match="dorp"):
        ahoy.user("447700900109").call(fault="dorp")


def test_a_webhook_is_sent_once_more_and_all_is_on_the_time_line(ahoy: Ahoy):
    call = ahoy.user("447700900110").call()
    call.wait("connected")
    call.hang_up()
    call.wait("ended")
    ahoy.advance(1)  # answers when the webhooks were handed over
    connect = next(one for one in ahoy.deliveries() if one["call_id"] == call.id)
    again = ahoy.replay(connect["id"])
    assert again["replayed"]["replay"] and len(again["delivery"]["attempts"]) == len(connect["attempts"]) + 1
    told = ahoy.timeline(call=call.id)
    assert {"api", "webhook", "media", "verdict", "call"} <= {entry["kind"] for entry in told}
    assert [entry["what"]["replay"] for entry in ahoy.timeline(call=call.id, kinds=["webhook"])].count(True) == 2
    assert ahoy.timeline(call=call.id, after=told[-1]["id"]) == []
    with pytest.raises(Failure) as unknown:
        ahoy.replay(10**9)
    assert unknown.value.status == 404


def test_who_gives_up_says_what_was_missing(ahoy: Ahoy):
    call = ahoy.user("447700900103").call()
    call.wait("connected")
    call.hang_up()
    call.wait("ended")
    with pytest.raises(GaveUp, match="never was ringing"):
        call.wait("ringing", within=0.1)


async def _in_a_loop(ahoy: Ahoy) -> None:
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            beats += 1
            await asyncio.sleep(0.001)

    heart = asyncio.create_task(beat())
    call = await ahoy.run(ahoy.user("447700900104").call)
    await ahoy.run(call.wait, "connected")
    heart.cancel()
    assert beats > 1, "the event loop stood still"


def test_an_event_loop_goes_on_meanwhile(ahoy: Ahoy):
    asyncio.run(_in_a_loop(ahoy))


def test_two_servers_do_not_meet(ahoy: Ahoy):
    with Server() as other:
        assert other.url != ahoy.url
        theirs = Ahoy(other.url)
        theirs.user("447700900105", name="Only there")
        names = [user.get("name") for user in ahoy.sandbox("GET", "/users")["data"]]
        assert "Only there" not in names
    assert not other.alive


def test_a_missing_binary_is_named(monkeypatch):
    with pytest.raises(NotReady, match="/nowhere/ahoy"):
        Server("/nowhere/ahoy")


@pytest.mark.skipif(os.name != "posix", reason="a script stands in for the binary")
def test_a_server_that_ends_at_once_shows_its_last_words(tmp_path):
    fake = tmp_path / "ahoy"
    fake.write_text(f"#!{sys.executable}\nimport sys\nsys.exit('the port is taken')\n")
    fake.chmod(0o755)
    with pytest.raises(NotReady, match="the port is taken"):
        Server(fake).start()


def test_who_waits_in_vain_is_told_of_the_webhooks_that_failed(ahoy: Ahoy):
    with ahoy.faults(webhooks={"drop": 1.0}):
        call = ahoy.user("447700900107").call()
        with pytest.raises(GaveUp, match=r"the call is ringing, not connected; the connect webhook to http://\S+ failed: a fault kept it from being sent \(\d"):
            call.wait("connected", within=1)
        call.hang_up()
        with pytest.raises(GaveUp, match="never was connected.*; the connect webhook to"):
            call.wait("connected")
