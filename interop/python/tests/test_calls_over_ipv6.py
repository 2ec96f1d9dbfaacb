"""A business that has nothing but IPv6 reaches the IPv6 candidate of the offer."""

from __future__ import annotations

import socket

import pytest

from ahoy_interop import business as media
from ahoy_interop import sound
from ahoy_interop.api import Graph, Sandbox
from ahoy_interop.receiver import VERIFY_TOKEN, Receiver
from ahoy_interop.server import Server
from ahoy_interop.waiting import eventually


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6 loopback")
async def test_both_hear_each_other(monkeypatch, tmp_path, business):
    monkeypatch.setattr(media, "families", {"IPv6"})
    server = await Server(data=tmp_path, extra=("--media-ip", "127.0.0.1", "--media-ip", "::1")).start()
    graph, sandbox, hooks = Graph(server.base), Sandbox(server.base), await Receiver().start()
    try:
        await graph.subscribe(hooks.url, VERIFY_TOKEN)
        user = await sandbox.user("447700900321")
        call_id = await sandbox.dial(user)
        offer = (await hooks.expect("connect", call_id))["session"]["sdp"]
        assert " 127.0.0.1 " in offer and " ::1 " in offer, offer
        aiortc = business(hz=440)
        sdp = await aiortc.answer(offer)
        assert "127.0.0.1" not in sdp, sdp
        await graph.action("accept", call_id, sdp)
        sound.assert_clean_tone(await aiortc.hears(2.0), 48000, 660, 1.5, "the business")
        await eventually(lambda: sandbox.heard(user, call_id), lambda heard: None if heard["tone_hz"] and abs(heard["tone_hz"] - 440) < 4.4 else "440 Hz at the user")
        await graph.action("terminate", call_id)
        await hooks.expect("terminate", call_id)
        hooks.assert_sound()
    finally:
        await graph.close()
        await sandbox.close()
        await hooks.stop()
        assert await server.stop() == 0
