"""GStreamer's webrtcbin as the business: one line of JSON in for each thing to do, one out for each that happened.

In: {"answer": sdp}, {"offer": true}, {"take": sdp}, {"press": "5#"}, {"close": true}.
Out: {"sdp": ours}, {"state": of the connection}, {"certificate": ours in PEM}, {"rtp": a packet in base64}, {"error": words}.
"""

from __future__ import annotations

import base64
import json
import re
import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402

OPUS, EVENT = 111, 126


def say(**what) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


class Business:
    def __init__(self, hz: float) -> None:
        self.hz = hz
        self.pipeline = Gst.Pipeline.new("business")
        self.bin = Gst.ElementFactory.make("webrtcbin", "business")
        self.bin.set_property("bundle-policy", GstWebRTC.WebRTCBundlePolicy.MAX_BUNDLE)
        self.pipeline.add(self.bin)
        # libnice leaves loopback out unless it is told the address.
        # The bindings give its only reference away: it must be kept.
        self.ice = self.bin.get_property("ice-agent")
        self.ice.emit("add-local-ip-address", "127.0.0.1")
        self.bin.connect("pad-added", self.on_pad)
        self.bin.connect("notify::connection-state", self.on_state)
        self.bin.connect("notify::ice-gathering-state", self.on_gathered)
        self.pipeline.get_bus().add_signal_watch()
        self.pipeline.get_bus().connect("message::error", lambda _, message: say(error=str(message.parse_error())))
        self.dtmf = None
        self.keys = ""
        self.event = None

    def voice(self, opus: int, event: int) -> None:
        """A tone by the usual elements; keys share its source and numbering through rtpdtmfmux."""
        source = Gst.parse_bin_from_description(
            f"rtpdtmfsrc name=dtmf pt={event} clock-rate=48000 ! mux.priority_sink_0 rtpdtmfmux name=mux"
            f" audiotestsrc is-live=true freq={self.hz} volume=0.5 ! audio/x-raw,rate=16000,channels=1 ! opusenc ! rtpopuspay pt={opus} ! mux.",
            True,
        )
        self.dtmf = source.get_by_name("dtmf")
        # The multiplexer names the format of each packet anew; webrtcbin takes one.
        source.get_by_name("mux").get_static_pad("src").add_probe(Gst.PadProbeType.EVENT_DOWNSTREAM, self.on_format)
        self.pipeline.add(source)
        source.link(self.bin)

    def on_format(self, _pad, info):
        event = info.get_event()
        if event.type == Gst.EventType.CAPS and event.parse_caps().get_structure(0).get_value("encoding-name") != "OPUS":
            return Gst.PadProbeReturn.DROP
        return Gst.PadProbeReturn.OK

    def on_pad(self, _bin, pad) -> None:
        if pad.get_direction() != Gst.PadDirection.SRC:
            return
        sink = Gst.ElementFactory.make("appsink", None)
        sink.set_property("emit-signals", True)
        sink.set_property("sync", False)
        sink.connect("new-sample", self.on_sample)
        self.pipeline.add(sink)
        sink.sync_state_with_parent()
        pad.link(sink.get_static_pad("sink"))

    def on_sample(self, sink):
        buffer = sink.emit("pull-sample").get_buffer()
        say(rtp=base64.b64encode(buffer.extract_dup(0, buffer.get_size())).decode())
        return Gst.FlowReturn.OK

    def on_state(self, *_) -> None:
        state = self.bin.get_property("connection-state").value_nick
        if state == "connected":
            transport = self.bin.emit("get-transceiver", 0).get_property("sender").get_property("transport")
            say(certificate=transport.get_property("certificate"))
        say(state=state)

    def on_gathered(self, *_) -> None:
        local = self.bin.get_property("local-description")
        if local and self.bin.get_property("ice-gathering-state") == GstWebRTC.WebRTCICEGatheringState.COMPLETE:
            say(sdp=local.sdp.as_text())

    def description(self, kind, sdp: str):
        _, message = GstSdp.SDPMessage.new_from_text(sdp)
        return GstWebRTC.WebRTCSessionDescription.new(kind, message)

    def make(self, signal: str) -> None:
        def made(promise, _) -> None:
            reply = promise.get_reply()  # owns the description
            description = reply.get_value(signal.removeprefix("create-"))
            if self.event:
                # An answer has one format, and packets of any other are dropped: the keys' own is added before it is set.
                lines = [line + f" {self.event}" if line.startswith("m=audio") else line for line in description.sdp.as_text().splitlines()]
                text = "\r\n".join([*lines, f"a=rtpmap:{self.event} telephone-event/8000", ""])
                description = self.description(description.type, text)
            self.bin.emit("set-local-description", description, None)

        self.bin.emit(signal, None, Gst.Promise.new_with_change_func(made, None))

    def answer(self, offer: str) -> None:
        types = {name.lower(): int(number) for number, name in re.findall(r"^a=rtpmap:(\d+) ([\w-]+)/", offer, re.M)}
        self.event = types.get("telephone-event")
        self.voice(types["opus"], self.event or EVENT)
        self.pipeline.set_state(Gst.State.PLAYING)

        def taken(_, __) -> None:
            self.make("create-answer")

        promise = Gst.Promise.new_with_change_func(taken, None)
        self.bin.emit("set-remote-description", self.description(GstWebRTC.WebRTCSDPType.OFFER, offer), promise)

    def offer(self) -> None:
        self.voice(OPUS, EVENT)
        self.bin.connect("on-negotiation-needed", lambda _: self.make("create-offer"))
        self.pipeline.set_state(Gst.State.PLAYING)

    def take(self, answer: str) -> None:
        self.bin.emit("set-remote-description", self.description(GstWebRTC.WebRTCSDPType.ANSWER, answer), None)

    def press(self, keys: str) -> None:
        """Each for 100 ms, one after the other."""
        self.keys += keys
        if len(self.keys) == len(keys):
            self.step(True)

    def step(self, down: bool) -> bool:
        structure = Gst.Structure.new_empty("dtmf-event")
        structure.set_value("type", 1)
        structure.set_value("method", 1)
        structure.set_value("start", down)
        if down:
            structure.set_value("number", "0123456789*#ABCD".index(self.keys[0]))
            structure.set_value("volume", 10)
        else:
            self.keys = self.keys[1:]
        self.dtmf.get_static_pad("src").send_event(Gst.Event.new_custom(Gst.EventType.CUSTOM_UPSTREAM, structure))
        if self.keys or down:
            GLib.timeout_add(100, self.step, not down)
        return False


def main() -> None:
    Gst.init(None)
    loop = GLib.MainLoop()
    business = Business(float(sys.argv[1]))

    def act(line: str) -> bool:
        what = json.loads(line)
        if "answer" in what:
            business.answer(what["answer"])
        elif "offer" in what:
            business.offer()
        elif "take" in what:
            business.take(what["take"])
        elif "press" in what:
            business.press(what["press"])
        return False

    def read() -> None:
        for line in sys.stdin:
            GLib.idle_add(act, line)
        GLib.idle_add(loop.quit)

    threading.Thread(target=read, daemon=True).start()
    loop.run()
    business.pipeline.set_state(Gst.State.NULL)


main()
