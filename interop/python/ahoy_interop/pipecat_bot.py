"""A Pipecat bot behind its own WhatsApp transport: speaks a tone and keeps what it hears. Only the host name is changed."""

from __future__ import annotations

import asyncio

import aiohttp
import numpy as np
from aiohttp import web
from pipecat.frames.frames import Frame, InputAudioRawFrame, OutputAudioRawFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.transports.base_transport import TransportParams
from pipecat.transports.smallwebrtc.connection import SmallWebRTCConnection
from pipecat.transports.smallwebrtc.transport import SmallWebRTCTransport
from pipecat.transports.whatsapp.api import WhatsAppApi, WhatsAppConnectCall, WhatsAppWebhookRequest
from pipecat.transports.whatsapp.client import WhatsAppClient
from pipecat.workers.runner import WorkerRunner

from . import sound
from .api import APP_SECRET, PHONE, TOKEN
from .listening import listen
from .receiver import VERIFY_TOKEN
from .waiting import GaveUp

RATE = 16000


class Ear(FrameProcessor):
    """Keeps what the transport hands in; passes nothing of it on, so that the caller's own voice does not come back."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = bytearray()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, InputAudioRawFrame):
            self.heard += frame.audio
        else:
            await self.push_frame(frame, direction)

    def pcm(self) -> np.ndarray:
        return sound.from_pcm16(bytes(self.heard))


class PipecatBot:
    """The webhook endpoint of Pipecat's example, one pipeline a call."""

    def __init__(self, graph_url: str, hz: float, seconds: float):
        self.graph_url, self.hz, self.seconds = graph_url.rstrip("/"), hz, seconds
        self.ears: dict[str, Ear] = {}
        self.answers: list[tuple[str, int, str]] = []
        self.url = ""
        self._pipelines: list[asyncio.Task] = []
        self._ended = asyncio.Event()

    async def start(self) -> PipecatBot:
        # The only override its users have (clients.md §2): the class attribute, with the trailing slash.
        WhatsAppApi.BASE_URL = f"{self.graph_url}/v23.0/"
        self.http = aiohttp.ClientSession()
        self.client = WhatsAppClient(whatsapp_token=TOKEN, phone_number_id=PHONE, session=self.http, ice_servers=[], whatsapp_secret=APP_SECRET)
        self._runner, self.url = await listen(self._verify, self._webhook)
        return self

    async def stop(self) -> None:
        for pipeline in self._pipelines:
            pipeline.cancel()
        await asyncio.gather(*self._pipelines, return_exceptions=True)
        await self._runner.cleanup()
        await self.http.close()

    async def _verify(self, request: web.Request) -> web.Response:
        challenge = await self.client.handle_verify_webhook_request(dict(request.query), VERIFY_TOKEN)
        return web.Response(text=str(challenge))

    async def _webhook(self, request: web.Request) -> web.Response:
        raw = await request.read()
        try:
            body = WhatsAppWebhookRequest.model_validate_json(raw)
            await self.client.handle_webhook_request(body, self._on_call, raw_body=raw, sha256_signature=request.headers.get("X-Hub-Signature-256"))
        except Exception as fault:  # as its example application does: any fault is a 500, and the test shows it
            self.answers.append((raw.decode()[:400], 500, repr(fault)))
            return web.Response(status=500)
        event = body.entry[0].changes[0].value.calls[0].event
        self.answers.append((event, 200, ""))
        if event == "terminate":
            self._ended.set()
        return web.Response()

    async def _on_call(self, connection: SmallWebRTCConnection, call: WhatsAppConnectCall) -> None:
        # All it says goes to the track in one piece. In pieces of 40 ms, as by default, the track finds its queue empty whenever the loop is
        # late with the next, and puts 10 ms of silence of its own into the tone.
        whole = int(self.seconds * 100)
        params = TransportParams(audio_in_enabled=True, audio_out_enabled=True, audio_out_end_silence_secs=0, audio_out_10ms_chunks=whole)
        transport = SmallWebRTCTransport(webrtc_connection=connection, params=params)
        ear = self.ears[call.id] = Ear()
        worker = PipelineWorker(
            Pipeline([transport.input(), ear, transport.output()]),
            params=PipelineParams(audio_in_sample_rate=RATE, audio_out_sample_rate=RATE),
            enable_rtvi=False,
            enable_turn_tracking=False,
        )

        @transport.event_handler("on_client_connected")
        async def on_connected(transport, client) -> None:
            clock = np.arange(int(RATE * self.seconds)) / RATE
            pcm = (0.25 * 32767 * np.sin(2 * np.pi * self.hz * clock)).astype("<i2")
            await worker.queue_frames([OutputAudioRawFrame(audio=pcm.tobytes(), sample_rate=RATE, num_channels=1)])

        @transport.event_handler("on_client_disconnected")
        async def on_disconnected(transport, client) -> None:
            await worker.cancel()

        async def run() -> None:
            runner = WorkerRunner(handle_sigint=False)
            await runner.add_workers(worker)
            await runner.run()

        self._pipelines.append(asyncio.create_task(run()))

    async def until_ended(self, within: float = 10.0) -> None:
        try:
            await asyncio.wait_for(self._ended.wait(), within)
        except (TimeoutError, asyncio.TimeoutError):
            raise GaveUp(f"after {within:g} s Pipecat has handled no terminate; it answered {self.answers}") from None
