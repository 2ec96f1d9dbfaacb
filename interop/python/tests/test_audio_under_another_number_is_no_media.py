"""A business that sends its audio as another payload type than it agreed to, through the whole server: media, call, webhook, verdict."""

from __future__ import annotations

from ahoy_interop.waiting import eventually


async def test_the_call_ends_after_twenty_seconds_and_both_numbers_are_named(sandbox, graph, receiver, business, fresh_user):
    user = await sandbox.user(fresh_user())
    call_id = await sandbox.dial(user)
    connect = await receiver.expect("connect", call_id)
    aiortc = business(hz=440)
    aiortc.out.payload_type = 112
    await graph.action("accept", call_id, await aiortc.answer(connect["session"]["sdp"]))
    await aiortc.until_connected()
    terminate = await receiver.expect("terminate", call_id, within=35)
    assert terminate["status"] == "FAILED", terminate
    assert [error["code"] for error in terminate["errors"]] == [138021], terminate
    assert aiortc.out.sent > 900, f"only {aiortc.out.sent} packets were sent in 20 s"
    ended = await eventually(lambda: sandbox.call_of(user, call_id), lambda call: None if call["state"] == "ended" and call["media"] else "the report of the call")
    assert "payload type 112, but 111 was agreed" in ended["media"]["verdict"], ended["media"]["verdict"]
    heard = await sandbox.heard(user, call_id)
    assert not heard or heard["audio_ms"] == 0, heard
