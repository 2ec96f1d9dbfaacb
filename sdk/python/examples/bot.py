"""The program under test: a Pipecat bot that answers calls and says "hello" as a tone of 523 Hz. Only `BASE_URL` is not Meta's."""

import asyncio
import math
import struct

import aiohttp
from aiohttp import web
from pipecat.frames.frames import OutputAudioRawFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.transports.base_transport import TransportParams
from pipecat.transports.smallwebrtc.transport import SmallWebRTCTransport
from pipecat.transports.whatsapp.api import WhatsAppApi, WhatsAppWebhookRequest
from pipecat.transports.whatsapp.client import WhatsAppClient
from pipecat.workers.runner import WorkerRunner

VERIFY_TOKEN = "bot-verify"
RATE = 16_000
HELLO = b"".join(struct.pack("<h", int(8_000 * math.sin(2 * math.pi * 523 * n / RATE))) for n in range(3 * RATE))


async def answer(connection, _call) -> None:
    params = TransportParams(audio_in_enabled=True, audio_out_enabled=True)
    transport = SmallWebRTCTransport(webrtc_connection=connection, params=params)
    pipeline = Pipeline([transport.input(), transport.output()])
    worker = PipelineWorker(pipeline, params=PipelineParams(audio_in_sample_rate=RATE, audio_out_sample_rate=RATE), enable_rtvi=False, enable_turn_tracking=False)

    @transport.event_handler("on_client_connected")
    async def greet(_transport, _client):
        await worker.queue_frames([OutputAudioRawFrame(audio=HELLO, sample_rate=RATE, num_channels=1)])

    @transport.event_handler("on_client_disconnected")
    async def leave(_transport, _client):
        await worker.cancel()

    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    await runner.run()


class Bot:
    """The webhook endpoint; `async with Bot(…) as bot` serves it at `bot.url`."""

    def __init__(self, graph: str, token: str, phone_number_id: str, secret: str):
        WhatsAppApi.BASE_URL = f"{graph}/"
        self.token, self.phone_number_id, self.secret = token, phone_number_id, secret
        self.calls: set[asyncio.Task] = set()

    async def __aenter__(self):
        self.http = aiohttp.ClientSession()
        self.client = WhatsAppClient(
            whatsapp_token=self.token, phone_number_id=self.phone_number_id, session=self.http, ice_servers=[], whatsapp_secret=self.secret
        )
        app = web.Application()
        app.add_routes([web.get("/", self.verify), web.post("/", self.webhook)])
        self.runner = web.AppRunner(app, access_log=None)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}/"
        return self

    async def __aexit__(self, *_):
        for call in self.calls:
            call.cancel()
        await asyncio.gather(*self.calls, return_exceptions=True)
        await self.runner.cleanup()
        await self.http.close()

    async def verify(self, request):
        return web.Response(text=str(await self.client.handle_verify_webhook_request(dict(request.query), VERIFY_TOKEN)))

    async def webhook(self, request):
        raw = await request.read()
        body = WhatsAppWebhookRequest.model_validate_json(raw)
        signature = request.headers.get("X-Hub-Signature-256")
        await self.client.handle_webhook_request(body, self.on_call, raw_body=raw, sha256_signature=signature)
        return web.Response()

    async def on_call(self, connection, call):
        task = asyncio.create_task(answer(connection, call))
        self.calls.add(task)
        task.add_done_callback(self.calls.discard)
