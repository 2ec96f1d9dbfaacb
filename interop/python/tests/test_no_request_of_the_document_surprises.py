"""The OpenAPI documents against the server: every operation with right, wrong and odd values for each field gives an answer the
document tells of, never a 5xx. With the seeded objects, so that requests get as far as the rules; and with drawn ones."""

from __future__ import annotations

import json

import aiohttp
import pytest

from ahoy_interop.api import APP_ID, APP_SECRET, PHONE, TOKEN, WABA
from ahoy_interop.server import Server
from ahoy_interop.sweep import sweep

SEED = 20261120
SANDBOX_IDS = {"wa_id": "447700900001", "number": PHONE}
FAULTS = ("clear_faults", "read_faults", "set_faults")
"""On their own: with a drawn plan the other routes would fail as asked."""
ENDLESS = ("follow_timeline",)
"""Its answer is a stream that ends with the server."""
IDS = {"phone_number_id": PHONE, "waba_id": WABA, "app_id": APP_ID, "node_id": PHONE}


@pytest.fixture
async def own_server():
    """Of its own: the requests change settings, callbacks and subscriptions."""
    server = await Server().start()
    yield server
    assert server.alive, f"the server died of a request:\n{server.tail()}"
    assert await server.stop() == 0, server.tail()


async def swept(server: Server, folder, token: str, parameters: dict[str, str], cases: int) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    result = await sweep(f"{server.base}/openapi.json", f"{server.base}/v25.0", folder, headers=headers, parameters=parameters, seed=SEED, cases=cases, within=280)
    assert result.status == 0, result.output
    assert result.cases > 300, f"only {result.cases} requests were made:\n{result.output}"


@pytest.mark.timeout(300)
async def test_the_seeded_objects_take_anything(own_server, tmp_path):
    await swept(own_server, tmp_path, TOKEN, IDS, cases=40)


@pytest.mark.timeout(300)
async def test_unknown_objects_take_anything(own_server, tmp_path):
    await swept(own_server, tmp_path, TOKEN, {}, cases=20)


@pytest.mark.timeout(300)
async def test_the_app_itself_takes_anything(own_server, tmp_path):
    await swept(own_server, tmp_path, f"{APP_ID}|{APP_SECRET}", IDS, cases=20)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("parameters", [SANDBOX_IDS, {}], ids=["seeded", "drawn"])
async def test_the_sandbox_takes_anything(own_server, tmp_path, parameters):
    document = f"{own_server.base}/sandbox/v1/openapi.json"
    result = await sweep(document, own_server.base, tmp_path, headers={}, parameters=parameters, seed=SEED, cases=4, within=280, skip=ENDLESS + FAULTS)
    assert result.status == 0, result.output
    assert result.cases > 300, f"only {result.cases} requests were made:\n{result.output}"


@pytest.mark.timeout(300)
async def test_the_faults_take_anything(own_server, tmp_path):
    document = f"{own_server.base}/sandbox/v1/openapi.json"
    result = await sweep(document, own_server.base, tmp_path, headers={}, parameters={}, seed=SEED, cases=40, within=280, only=FAULTS)
    assert result.status == 0, result.output
    assert result.cases > 100, f"only {result.cases} requests were made:\n{result.output}"


async def test_the_sweep_would_find_a_liar(own_server, tmp_path):
    """A document that promises another shape than the server gives: the check is alive."""
    async with aiohttp.ClientSession() as http, http.get(f"{own_server.base}/openapi.json") as answer:
        document = await answer.json()
    path = "/{phone_number_id}/settings"
    lie = document["paths"][path]["get"]
    lie["responses"] = {"200": {"description": "a lie", "content": {"application/json": {"schema": {"type": "array"}}}}}
    document["paths"] = {path: {"get": lie}}
    told = tmp_path / "lie.json"
    told.write_text(json.dumps(document))
    result = await sweep(str(told), f"{own_server.base}/v25.0", tmp_path, headers={"Authorization": f"Bearer {TOKEN}"}, parameters=IDS, seed=SEED, cases=5, within=100)
    assert result.status == 1 and "violates" in result.output, result.output
