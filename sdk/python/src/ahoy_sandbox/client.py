"""The sandbox routes with types. Every method is one request, and has a twin for programs that run an event loop:
`await ahoy.run(user.call)` does on a thread what `user.call()` does, so that a bot in the same loop can answer meanwhile."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, ParamSpec, TypedDict, TypeVar

from .faults import ApiFault, MediaFault, ProcessFault, WebhookFault
from .waiting import GaveUp, until

P = ParamSpec("P")
T = TypeVar("T")
OnRing = Literal["answer", "reject", "ignore", "manual"]
Response = Literal["accept", "accept_permanent", "reject", "revoke"]
State = Literal["ringing", "connected", "ended"]
_ORDER = {"ringing": 0, "connected": 1, "ended": 2}


class Network(TypedDict, total=False):
    """The network between a user and the platform, for media both ways. What is left out does nothing."""

    loss: float
    """Share of packets lost, 0 to 1."""
    burst: float | None
    """Mean length of a run of lost packets; None loses each on its own."""
    delay_ms: int
    jitter_ms: int
    reorder: float
    """Share of packets that come behind the next one, 0 to 1."""
    seed: int | None
    """The same seed loses the same packets."""


class Gap(TypedDict):
    """A hole in what a user heard."""

    at_ms: int
    missing: int
    """Packets."""
    late_ms: int
    """Silence because sound came too late for a jitter buffer."""


class Replayed(TypedDict):
    """What came of sending a webhook once more."""

    delivery: dict[str, Any]
    """The webhook with all its attempts."""
    replayed: dict[str, Any]
    """The attempt that was asked for."""


class TimelineEntry(TypedDict):
    """One thing that happened. `what` depends on `kind`: api, sandbox, admin, webhook, media, verdict, call, clock, reset."""

    id: str
    seq: int
    kind: str
    at: int
    at_ms: int
    real_ms: int
    call_id: str | None
    phone_number_id: str | None
    wa_id: str | None
    failed: bool
    text: str
    what: dict[str, Any]


def _undelivered(delivery: dict[str, Any]) -> str:
    """A webhook that is not delivered, as a clause."""
    try:
        value = json.loads(delivery["body"])["entry"][0]["changes"][0]["value"]
        about = [one.get("event") for one in value.get("calls", [])] + [one.get("status") for one in value.get("statuses", [])]
        event = next(name for name in about if name)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, StopIteration):
        event = delivery["field"]
    tries = len(delivery["attempts"])
    last = delivery["attempts"][-1]
    what = f"was answered {last['status']}" if last["status"] is not None else f"failed: {last['note']}"
    return f"the {event} webhook to {last['url'].split('?')[0]} {what} ({tries} attempt{'s' if tries > 1 else ''})"


def _under(fault: str | None) -> dict[str, str]:
    return {} if fault is None else {"Ahoy-Fault": fault}


class Failure(Exception):
    """The server refused; `status` and `code` are for programs, the text is the server's sentence."""

    def __init__(self, status: int, body: dict[str, Any]):
        error = body.get("error", {})
        self.status, self.body, self.code = status, body, error.get("code")
        details = error.get("error_data", {}).get("details") if isinstance(error.get("error_data"), dict) else None
        super().__init__(details or error.get("message") or f"status {status}")


@dataclass(frozen=True)
class Heard:
    """What was in the user's ear."""

    packets: int
    lost: int
    audio_ms: int
    tone_hz: float | None
    level_dbfs: float | None
    digits: str
    first_audio_ms_after_accept: int | None
    late: int = 0
    jitter_ms: float = 0.0
    gaps: tuple[Gap, ...] = ()

    def __str__(self) -> str:
        """In a few words, as messages have it: `440 Hz at -12 dBFS, 1980 ms of sound`."""
        if self.packets == 0:
            return "nothing"
        pitch = "no pitch" if self.tone_hz is None else f"{self.tone_hz:.0f} Hz"
        now = "silence" if self.level_dbfs is None else f"{pitch} at {self.level_dbfs:.0f} dBFS"
        return f"{now}, {self.audio_ms} ms of sound" + (f", digits {self.digits}" if self.digits else "") + (f", {self.lost} packets lost" if self.lost else "")

    @classmethod
    def of(cls, told: dict[str, Any] | None) -> Heard:
        told = told or {}
        return cls(
            packets=told.get("packets", 0),
            lost=told.get("lost", 0),
            audio_ms=told.get("audio_ms", 0),
            tone_hz=told.get("tone_hz"),
            level_dbfs=told.get("level_dbfs"),
            digits=told.get("digits", ""),
            first_audio_ms_after_accept=told.get("first_audio_ms_after_accept"),
            late=told.get("late", 0),
            jitter_ms=told.get("jitter_ms", 0.0),
            gaps=tuple(told.get("gaps", ())),
        )


@dataclass(frozen=True)
class Clock:
    """Rule time."""

    now: int
    """Unix seconds."""
    now_ms: int
    at: str
    """RFC 3339, in UTC."""
    frozen: bool
    """Whether it stands still between jumps."""
    ahead_of_system_ms: int

    @classmethod
    def of(cls, told: dict[str, Any]) -> Clock:
        return cls(told["now"], told["now_ms"], told["at"], told["frozen"], told["ahead_of_system_ms"])


@dataclass(frozen=True)
class Imported:
    """What an import settled in the document: calls that lived in it, webhooks that were being sent."""

    ended_calls: int
    resent_deliveries: int


class Ahoy:
    """A running sandbox: `url` is its address, `graph` the base URL of the business API."""

    def __init__(self, url: str, account: dict[str, Any] | None = None):
        self.url = url.rstrip("/")
        account = account or {}
        self.token: str = account.get("access_token", "ahoy-dev-token")
        self.app_id: str = account.get("app_id", "900100200300")
        self.app_secret: str = account.get("app_secret", "ahoy-dev-secret")
        self.waba_id: str = account.get("waba_id", "720000000000001")
        self.phone_number_id: str = (account.get("phone_number_ids") or ["710000000000001"])[0]

    @property
    def graph(self) -> str:
        """Base URL of the business API, with a version and without a slash at its end."""
        return f"{self.url}/v25.0"

    def request(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        """One request with a JSON body; the JSON of its answer. Refusals raise [Failure]."""
        return json.loads(self._bytes(method, path, body, headers) or b"{}")

    def _bytes(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> bytes:
        data = None if body is None else json.dumps(body).encode()
        more = {"Content-Type": "application/json", **(headers or {})}
        request = urllib.request.Request(self.url + path, data=data, method=method, headers=more)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.read()
        except urllib.error.HTTPError as refused:
            text = refused.read()
            try:
                told = json.loads(text)
            except ValueError:
                told = {"error": {"message": text.decode(errors="replace")[:500]}}
            raise Failure(refused.code, told) from None

    async def run(self, method: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Calls a method of this package on a thread: the event loop goes on, so the business under test can answer."""
        return await asyncio.to_thread(method, *args, **kwargs)

    def sandbox(self, method: str, path: str, body: Any = None, *, fault: str | None = None) -> Any:
        """One request to a sandbox route that has no method of its own here."""
        return self.request(method, f"/sandbox/v1{path}", body, _under(fault))

    def business(self, method: str, path: str, body: Any = None, *, fault: str | None = None) -> Any:
        """One request to the business API with the seeded token: `business("POST", f"{phone_number_id}/messages", {…})`.

        `fault` goes wrong with this request and the call or message it causes alone: `"error_code=131000"`, `"no_dtls"`.
        """
        return self.request(method, f"/v25.0/{path}", body, {"Authorization": f"Bearer {self.token}", **_under(fault)})

    # ---- time

    def now(self) -> int:
        """Rule time, Unix seconds."""
        return self.sandbox("GET", "/clock")["now"]

    def advance(self, seconds: int = 0, *, minutes: int = 0, hours: int = 0, days: int = 0) -> int:
        """Jumps; answers the new rule time once everything due has happened and its webhooks were handed over."""
        whole = seconds + 60 * minutes + 3600 * hours + 86_400 * days
        return self.sandbox("POST", "/clock/advance", {"seconds": whole})["now"]

    def advance_to(self, instant: str | int) -> int:
        """Jumps to an instant ahead, as `2027-01-06T08:00:00Z` or Unix seconds; answers the new rule time like `advance`."""
        return self.sandbox("POST", "/clock/advance", {"until": instant})["now"]

    def freeze(self, frozen: bool = True) -> Clock:
        """Lets virtual time stand still until it is advanced, or with `False` run on."""
        return Clock.of(self.sandbox("PATCH", "/clock", {"frozen": frozen}))

    def clock(self) -> Clock:
        """The clock of rule time."""
        return Clock.of(self.sandbox("GET", "/clock"))

    # ---- state

    def export_state(self) -> dict[str, Any]:
        """Everything there is, as one document. It holds app secrets."""
        return self.sandbox("GET", "/state")

    def import_state(self, state: dict[str, Any]) -> Imported:
        """Puts an exported document in the place of everything there is, the clock included: all of it, or [Failure]."""
        told = self.sandbox("PUT", "/state", state)
        return Imported(ended_calls=told["ended_calls"], resent_deliveries=told["resent_deliveries"])

    def reset(self) -> None:
        """Starts over: live calls end without a word, everything is seeded anew. Rule time goes on."""
        self.sandbox("POST", "/reset")

    # ---- faults

    def set_faults(
        self,
        *,
        seed: int = 0,
        webhooks: WebhookFault | list[WebhookFault] | None = None,
        api: ApiFault | list[ApiFault] | None = None,
        media: MediaFault | list[MediaFault] | None = None,
        process: ProcessFault | list[ProcessFault] | None = None,
    ) -> dict[str, Any]:
        """Faults for everybody from now on, in place of those before; the same seed strikes the same places again."""
        rules = {"webhooks": webhooks, "api": api, "media": media, "process": process}
        body = {"seed": seed, **{area: rule for area, rule in rules.items() if rule is not None}}
        return self.sandbox("PUT", "/faults", body)

    def clear_faults(self) -> None:
        """Nothing fails any more."""
        self.sandbox("DELETE", "/faults")

    def faults_on(self) -> dict[str, Any]:
        """The faults that hold, each with how many it has looked at (`seen`) and struck (`struck`)."""
        return self.sandbox("GET", "/faults")

    @contextmanager
    def faults(
        self,
        *,
        seed: int = 0,
        webhooks: WebhookFault | list[WebhookFault] | None = None,
        api: ApiFault | list[ApiFault] | None = None,
        media: MediaFault | list[MediaFault] | None = None,
        process: ProcessFault | list[ProcessFault] | None = None,
    ) -> Iterator[None]:
        """`with ahoy.faults(webhooks={"drop": 0.3}): …`: as [set_faults], and off at the end."""
        self.set_faults(seed=seed, webhooks=webhooks, api=api, media=media, process=process)
        try:
            yield
        finally:
            self.clear_faults()

    # ---- the business's webhooks

    def subscribe(self, callback_url: str, verify_token: str, fields: str = "calls,messages") -> None:
        """Makes `callback_url` the app's: webhooks come there from now on."""
        body = {"object": "whatsapp_business_account", "callback_url": callback_url, "verify_token": verify_token, "fields": fields}
        self.request("POST", f"/v25.0/{self.app_id}/subscriptions", body, {"Authorization": f"Bearer {self.app_id}|{self.app_secret}"})

    def deliveries(self, after: int = 0) -> list[dict[str, Any]]:
        """Every webhook after this id with its attempts, oldest first."""
        found: list[dict[str, Any]] = []
        while page := self.sandbox("GET", f"/deliveries?after={found[-1]['id'] if found else after}")["data"]:
            found += page
        return found

    def failed_webhooks(self) -> str:
        """What became of the webhooks that are not delivered yet, in a clause; empty where there are none."""
        failed = [one for one in self.deliveries() if one["state"] != "delivered" and one["attempts"]]
        told = [_undelivered(one) for one in failed[-3:]]
        more = [f"{len(failed) - 3} more failed"] if len(failed) > 3 else []
        return "; ".join(told + more)

    def _why(self, _: Any = None) -> str:
        """Of webhooks that failed, as it follows in a message."""
        failed = self.failed_webhooks()
        return f"; {failed}" if failed else ""

    def replay(self, delivery: str | int) -> Replayed:
        """Sends this webhook once more, the same bytes, beside its schedule; answers when the attempt is over."""
        return self.sandbox("POST", f"/deliveries/{delivery}/replay")

    def timeline(self, *, call: str | None = None, kinds: Iterable[str] = (), failures: bool = False, after: str | None = None) -> list[TimelineEntry]:
        """Requests, webhook attempts and media steps as the inspector shows them, oldest first: all of a call's, or what came after an entry's `id`."""
        found: list[TimelineEntry] = []
        asked = {"call": call, "kind": ",".join(kinds) or None, "failures": "true" if failures else None}
        while True:
            asked["after"] = found[-1]["id"] if found else after
            query = urllib.parse.urlencode({key: value for key, value in asked.items() if value is not None})
            page = self.sandbox("GET", f"/timeline?{query}")["data"]
            found += page
            if not page:
                return found

    # ---- users

    def user(
        self,
        wa_id: str,
        *,
        name: str | None = None,
        on_ring: OnRing | None = None,
        tone_hz: float | None = None,
        file: str | None = None,
        repeat: bool = True,
        silence: bool = False,
        network: Network | None = None,
        **behaviour: Any,
    ) -> User:
        """Creates or changes a simulated user. What is left out stays as it is; other keys of `behaviour` go as they are.
        `file` (WAV, or Ogg with Opus) is on the server; `network={}` takes the network in between away."""
        if on_ring is not None:
            behaviour["on_ring"] = on_ring
        if tone_hz is not None:
            behaviour["audio"] = {"tone_hz": tone_hz}
        elif file is not None:
            behaviour["audio"] = {"file": file, "repeat": repeat}
        elif silence:
            behaviour["audio"] = {"silence": True}
        if network is not None:
            behaviour["network"] = network
        body: dict[str, Any] = {"wa_id": wa_id}
        if name is not None:
            body["name"] = name
        if behaviour:
            body["behaviour"] = behaviour
        self.sandbox("POST", "/users", body)
        return User(self, wa_id)


@dataclass(frozen=True)
class User:
    """A simulated customer."""

    ahoy: Ahoy
    wa_id: str

    def _path(self, rest: str) -> str:
        return f"/users/{self.wa_id}{rest}"

    def call(
        self, to: str | None = None, *, cta_payload: str | None = None, deeplink_payload: str | None = None, fault: str | None = None
    ) -> Call:
        """Calls the business; [Failure] carries what the phone would show if that cannot be. `fault` is this call's alone."""
        body = {"to": to or self.ahoy.phone_number_id, "cta_payload": cta_payload, "deeplink_payload": deeplink_payload}
        told = self.ahoy.sandbox("POST", self._path("/calls"), {key: value for key, value in body.items() if value is not None}, fault=fault)
        return Call(self, told["id"])

    def calls(self) -> list[dict[str, Any]]:
        """All calls of this user, oldest first."""
        return self.ahoy.sandbox("GET", self._path("/calls"))["data"]

    def rung(self, within: float = 10.0) -> Call:
        """Waits for a call of the business that is not over, and answers the newest."""
        missing = lambda calls: None if calls else f"no call of the business rings {self.wa_id}"  # noqa: E731
        live = lambda: [c for c in self.calls() if c["direction"] == "BUSINESS_INITIATED" and c["state"] != "ended"]  # noqa: E731
        return Call(self, until(live, missing, within, self.ahoy._why)[-1]["id"])

    def permission(self, response: Response = "accept", phone_number_id: str | None = None, message_id: str | None = None) -> dict[str, Any]:
        """Answers the newest open permission request, or that of `message_id`; with none open, sets the grant directly."""
        body = {"phone_number_id": phone_number_id or self.ahoy.phone_number_id, "response": response}
        if message_id is not None:
            body["message_id"] = message_id
        return self.ahoy.sandbox("POST", self._path("/permission"), body)

    def write(self, text: str, to: str | None = None) -> dict[str, Any]:
        """Sends the business a text message."""
        return self.ahoy.sandbox("POST", self._path("/messages"), {"to": to or self.ahoy.phone_number_id, "type": "text", "text": {"body": text}})

    def tap(self, message_id: str) -> Call:
        """Taps the call button in that message."""
        return Call(self, self.ahoy.sandbox("POST", self._path("/taps"), {"message_id": message_id})["id"])

    def share_number(self, message_id: str) -> dict[str, Any]:
        """Taps the button with which the business asked for the number (`request_contact_info`)."""
        return self.ahoy.sandbox("POST", self._path("/share_number"), {"message_id": message_id})

    def change_number(self, wa_id: str) -> User:
        """Takes another number: chats, calls and permissions go along, ids do not. Answers the user under the new one."""
        return User(self.ahoy, self.ahoy.sandbox("POST", self._path("/number"), {"wa_id": wa_id})["wa_id"])

    def seen(self, phone_number_id: str | None = None) -> dict[str, Any]:
        """What the business sees of the user now: whether its webhooks carry the number, and why."""
        number = phone_number_id or self.ahoy.phone_number_id
        return self.ahoy.sandbox("GET", self._path(f"/seen?phone_number_id={urllib.parse.quote(number)}"))

    def thread(self, phone_number_id: str | None = None) -> list[dict[str, Any]]:
        """The chat with the business, oldest first."""
        number = phone_number_id or self.ahoy.phone_number_id
        return self.ahoy.sandbox("GET", self._path(f"/thread?phone_number_id={urllib.parse.quote(number)}"))["data"]


@dataclass(frozen=True)
class Call:
    """A call of a simulated user."""

    user: User
    id: str

    def _path(self, rest: str = "") -> str:
        return f"/users/{self.user.wa_id}/calls/{urllib.parse.quote(self.id, safe='')}{rest}"

    def look(self) -> dict[str, Any]:
        """State, direction, times, what was heard and the media timeline."""
        return self.user.ahoy.sandbox("GET", self._path())

    def _why(self, seen: dict[str, Any]) -> str:
        """Of webhooks that failed, and the verdict on the call's media, as it follows in a message."""
        verdict = (seen.get("media") or {}).get("verdict")
        return self.user.ahoy._why() + (f". {verdict}" if verdict else "")

    def wait(self, state: State, within: float = 10.0) -> dict[str, Any]:
        """Waits until the call is in that state; one that has gone past it raises at once."""

        def missing(seen: dict[str, Any]) -> str | None:
            if seen["state"] == state:
                return None
            if _ORDER[seen["state"]] > _ORDER[state]:
                raise GaveUp(f"the call never was {state}: it is {seen['state']} ({seen.get('end_cause')})")
            return f"the call is {seen['state']}, not {state}"

        return until(self.look, missing, within, self._why)

    @property
    def heard(self) -> Heard:
        """What was in the user's ear so far."""
        return Heard.of(self.look()["heard"])

    def heard_wav(self, rate: int = 8_000) -> bytes:
        """What the business sent as it was in the user's ear from accept on, as a WAV file: mono, 16 bits, silence where nothing came.

        `rate` is 8000, 12000, 16000, 24000 or 48000 samples a second. Raises [Failure] where the sound is no longer kept.
        """
        return self.user.ahoy._bytes("GET", f"/sandbox/v1{self._path(f'/heard.wav?rate={rate}')}")

    def hears(
        self,
        tone_hz: float | None = None,
        within: float = 10.0,
        tolerance: float = 0.01,
        *,
        louder_than: float | None = None,
        quieter_than: float | None = None,
        at_least_ms: int = 1,
    ) -> Heard:
        """Waits until the user hears what is asked for, all of it at the same time; without anything asked for, any sound.

        A pitch within a share of it; a level in dBFS (0 is the loudest, a tone at full scale about -3) of the last audible second;
        so many milliseconds of sound since accept.
        """
        low, high = (-float("inf") if louder_than is None else louder_than), (float("inf") if quieter_than is None else quieter_than)

        def right(heard: Heard) -> bool:
            if tone_hz is not None and (heard.tone_hz is None or abs(heard.tone_hz - tone_hz) > tone_hz * tolerance):
                return False
            if heard.level_dbfs is None:  # silence has no level: neither louder nor quieter than anything
                return louder_than is None and quieter_than is None and heard.audio_ms >= at_least_ms
            return low < heard.level_dbfs < high and heard.audio_ms >= at_least_ms

        wanted = [
            *([] if tone_hz is None else [f"{tone_hz:g} Hz"]),
            *([] if louder_than is None else [f"louder than {louder_than:g} dBFS"]),
            *([] if quieter_than is None else [f"quieter than {quieter_than:g} dBFS"]),
            *([] if at_least_ms <= 1 else [f"at least {at_least_ms} ms"]),
        ]
        return self._ear(", ".join(wanted) or "any sound", right, within)

    def hears_digits(self, digits: str, within: float = 10.0) -> Heard:
        """Waits until these digits of the business have come."""
        return self._ear(f"the digits {digits}", lambda heard: digits in heard.digits, within)

    def _ear(self, wanted: str, right: Callable[[Heard], bool], within: float) -> Heard:
        def missing(seen: dict[str, Any]) -> str | None:
            heard = Heard.of(seen["heard"])
            return None if right(heard) else f"{self.user.wa_id} should hear {wanted}, and heard {heard}"

        return Heard.of(until(self.look, missing, within, self._why)["heard"])

    @property
    def verdict(self) -> str:
        """Why the call was silent, or that both sides heard each other, in a sentence."""
        return (self.look().get("media") or {}).get("verdict", "")

    def answer(self) -> None:
        """The user takes the call."""
        self.user.ahoy.sandbox("POST", self._path("/answer"))

    def reject(self) -> None:
        """The user declines."""
        self.user.ahoy.sandbox("POST", self._path("/reject"))

    def hang_up(self) -> None:
        """The user ends the call."""
        self.user.ahoy.sandbox("POST", self._path("/hang_up"))

    def press(self, digits: str) -> None:
        """The user presses keys."""
        self.user.ahoy.sandbox("POST", self._path("/dtmf"), {"digits": digits})
