"""pywa as it is, pointed here: it registers its callback, answers and places calls, asks, writes, and manages its account."""

from __future__ import annotations

import datetime
import io

import pytest
import pytest_asyncio
from pywa import errors
from pywa.types import calls as settings
from pywa.types import templates as parts
from pywa_async import types

from ahoy_interop import sound
from ahoy_interop.api import NUMBER, PHONE, WABA
from ahoy_interop.pywa_business import PywaBusiness
from ahoy_interop.waiting import eventually


@pytest_asyncio.fixture
async def pywa(server):
    pywa = await PywaBusiness(server.base).start()
    yield pywa
    await pywa.stop()
    pywa.assert_understood()


def sdp(kind: str, text: str) -> settings.SessionDescription:
    return settings.SessionDescription(sdp_type=kind, sdp=text)


async def test_a_users_call_is_accepted_inside_the_handler_and_both_hear(pywa, sandbox, business, fresh_user):
    aiortc = business(hz=440)

    async def on_connect(call: types.CallConnect) -> None:
        answer = sdp("answer", await aiortc.answer(call.session.sdp))
        assert (await call.pre_accept(sdp=answer)).success
        assert (await call.accept(sdp=answer, tracker="crm-9")).success

    pywa.on_connect = on_connect
    user = await sandbox.user(fresh_user(), name="Zoe", audio={"tone_hz": 660})
    call_id = await sandbox.dial(user)
    connect = await pywa.expect(types.CallConnect)
    assert connect.id == call_id and connect.direction == settings.CallDirection.USER_INITIATED
    assert (connect.from_user.wa_id, connect.from_user.name) == (user, "Zoe")
    assert connect.metadata.phone_number_id == PHONE and connect.waba_id == WABA
    sound.assert_clean_tone(await aiortc.hears(2.0), 48000, 660, 1.5, "the business")
    await eventually(lambda: sandbox.heard(user, call_id), lambda heard: None if heard and heard["tone_hz"] and abs(heard["tone_hz"] - 440) <= 4.4 else "440 Hz at the user")
    assert (await connect.terminate()).success
    end = await pywa.expect(types.CallTerminate)
    assert end.id == call_id and end.status == settings.CallTerminateStatus.COMPLETED and end.error is None
    assert end.tracker == "crm-9" and end.duration >= 2 and end.start_time < end.end_time


async def test_it_asks_is_allowed_calls_and_is_told_of_every_step(pywa, sandbox, business, fresh_user):
    user = await sandbox.user(fresh_user(), on_permission_request="accept", audio={"tone_hz": 660})
    await sandbox.call("POST", f"/users/{user}/messages", {"to": PHONE, "type": "text", "text": {"body": "Where is my order?"}})
    asked = await pywa.expect(types.Message)
    assert asked.text == "Where is my order?" and asked.from_user.wa_id == user
    # By the business-scoped id, as pywa prefers.
    request = await asked.reply("May we call you about it?", buttons=types.CallPermissionRequestButton())
    allowed = await pywa.expect(types.CallPermissionUpdate)
    assert allowed and allowed.response_source == settings.CallPermissionResponseSource.USER_ACTION
    assert allowed.reply_to_message.id == request.id and not allowed.is_expired
    assert (await pywa.expect(types.MessageStatus, lambda status: status.id == request.id)).status in ("sent", "delivered", "read")

    # pywa 4.5.0 hands its own method one of two arguments it requires: the answer is read by pywa all the same.
    answer = await pywa.wa.api.get_call_permissions(phone_id=PHONE, user_wa_id=user, recipient=None)
    permissions = settings.CallPermissions.from_dict(answer)
    assert permissions.permission.status == settings.CallPermissionStatus.TEMPORARY
    assert [action.action_name for action in permissions.actions] == ["send_call_permission_request", "start_call"]

    aiortc = business(hz=523)
    placed = await pywa.wa.initiate_call(to=user, sdp=sdp("offer", await aiortc.offer()), tracker="crm-10")
    assert placed.success
    connect = await pywa.expect(types.CallConnect)
    assert connect.id == placed.id and connect.direction == settings.CallDirection.BUSINESS_INITIATED
    await aiortc.accept_answer(connect.session.sdp)
    await pywa.expect(types.CallStatus, lambda status: status.status == settings.CallStatusType.RINGING and status.tracker == "crm-10")
    await pywa.expect(types.CallStatus, lambda status: status.status == settings.CallStatusType.ACCEPTED)
    sound.assert_clean_tone(await aiortc.hears(2.0), 48000, 660, 1.5, "the business")
    await sandbox.act(user, placed.id, "hang_up")
    end = await pywa.expect(types.CallTerminate)
    assert end.tracker == "crm-10" and end.duration >= 1


async def test_a_declined_call_and_each_refusal_is_an_error_of_its_own(pywa, sandbox, business, fresh_user):
    user = await sandbox.user(fresh_user(), on_ring="reject")
    offer = sdp("offer", await business().offer())
    with pytest.raises(errors.CallPermissionNotFound) as refused:
        await pywa.wa.initiate_call(to=user, sdp=offer)
    assert refused.value.details and refused.value.fbtrace_id
    await sandbox.call("PATCH", f"/users/{user}", {"client": {"app_version": "2.24.13.99"}})
    await sandbox.grant(user)
    with pytest.raises(errors.ReceiverUncallable):
        await pywa.wa.initiate_call(to=user, sdp=offer)
    await sandbox.call("PATCH", f"/users/{user}", {"client": {"app_version": None}})
    placed = await pywa.wa.initiate_call(to=user, sdp=offer)
    await pywa.expect(types.CallStatus, lambda status: status.status == settings.CallStatusType.REJECTED)
    end = await pywa.expect(types.CallTerminate)
    assert end.id == placed.id and end.status == settings.CallTerminateStatus.COMPLETED and end.duration is None
    other = "710000000000002"
    with pytest.raises(errors.CallingNotEnabled):
        await pywa.wa.initiate_call(to=user, sdp=offer, phone_id=other)
    with pytest.raises(errors.WhatsAppError) as refused:
        await pywa.wa.accept_call("wacid.bm9uZQ==", sdp=sdp("answer", offer.sdp))
    assert refused.value.code == 100 and "wacid.bm9uZQ==" in refused.value.details


async def test_settings_come_back_as_they_were_set(pywa):
    nine, five = datetime.time(9), datetime.time(17)
    hours = settings.CallHours(
        status=settings.CallingSettingsStatus.ENABLED,
        timezone_id="Europe/Madrid",
        weekly_operating_hours=[settings.Monday(open_time=nine, close_time=datetime.time(13, 30)), settings.Monday(open_time=datetime.time(15), close_time=five)],
        holiday_schedule=[settings.HolidaySchedule(date=datetime.date(2031, 1, 6), start_time=datetime.time(0), end_time=datetime.time(23, 59))],
    )
    before = (await pywa.wa.get_business_phone_number_settings()).calling
    assert before.status == settings.CallingSettingsStatus.ENABLED
    wanted = settings.CallingSettings(
        call_icon_visibility=settings.CallIconVisibility.DISABLE_ALL,
        call_icons=settings.CallIcons(restrict_to_user_countries=["ES", "BR"]),
        call_hours=hours,
        callback_permission_status=settings.CallbackPermissionStatus.ENABLED,
    )
    try:
        assert (await pywa.wa.update_business_phone_number_settings(calling=wanted)).success
        after = (await pywa.wa.get_business_phone_number_settings(include_sip_credentials=True)).calling
        assert after.status == before.status, "what was not named stays"
        assert after.call_icon_visibility == wanted.call_icon_visibility and after.callback_permission_status == wanted.callback_permission_status
        assert sorted(after.call_icons.restrict_to_user_countries) == ["BR", "ES"]
        assert after.call_hours.to_dict() == hours.to_dict()
    finally:
        whole = {"calling": {"call_icon_visibility": "DEFAULT", "call_icons": {"restrict_to_user_countries": []}, "callback_permission_status": "DISABLED",
                             "call_hours": {**hours.to_dict(), "status": "DISABLED", "holiday_schedule": []}}}
        await pywa.wa.api.update_business_phone_number_settings(phone_id=PHONE, settings=whole)


async def test_its_number_account_and_profile_are_read_whole(pywa):
    number = await pywa.wa.get_business_phone_number()
    assert number.id == PHONE and number.display_phone_number.replace(" ", "") == f"+{NUMBER}" and number.status == "CONNECTED"
    assert number.webhook_configuration["application"].startswith("http://127.0.0.1:")
    assert number.health_status["can_send_message"] == "AVAILABLE"
    listed = list(await pywa.wa.get_business_phone_numbers())
    assert number in listed and len(listed) >= 2
    account = await pywa.wa.get_business_account()
    assert account.id == WABA and account.currency and account.owner_business_info and [str(app.id) for app in account.subscribed_apps]
    await pywa.wa.update_business_profile(about="Open daily", industry=types.Industry.RETAIL, websites=["https://harbour.example/"])
    profile = await pywa.wa.get_business_profile()
    assert (profile.about, profile.industry, profile.websites) == ("Open daily", types.Industry.RETAIL, ("https://harbour.example/",))
    assert (await pywa.wa.register_phone_number(pin="123456")).success
    second = await pywa.wa.get_business_profile(phone_id="710000000000002")
    assert second.about is None, "a profile nobody has filled in can be read"


async def test_templates_live_with_pywa(pywa, sandbox, fresh_user):
    wa = pywa.wa
    language = parts.TemplateLanguage.ENGLISH_US
    body = parts.BodyText("May we call you about order {{1}} this week?", "A-77")
    ask = await wa.create_template(parts.Template(name="pywa_ask", language=language, category=parts.TemplateCategory.UTILITY,
                                                  components=[body, parts.CallPermissionRequestButton()]))
    ring = await wa.create_template(parts.Template(name="pywa_ring", language=language, category=parts.TemplateCategory.MARKETING,
                                                   components=[parts.BodyText("Talk to us about your kettle."), parts.Buttons(buttons=[parts.VoiceCallButton(text="Call Now")])]))
    assert ask.status == parts.TemplateStatus.APPROVED and ring.status == parts.TemplateStatus.APPROVED
    told = await pywa.expect(types.TemplateStatusUpdate, lambda update: update.template_name == "pywa_ask")
    assert str(told.template_id) == ask.id
    found = await wa.get_templates(name="pywa_")
    assert found.total_count == 2 and sorted(template.name for template in found) == ["pywa_ask", "pywa_ring"]
    assert (await wa.get_template(ask.id)).components[0].text == body.text

    user = await sandbox.user(fresh_user(), on_permission_request="accept_permanent")
    sent = await wa.send_template(to=user, name="pywa_ask", language=language, params=[body.params("B-12")])
    allowed = await pywa.expect(types.CallPermissionUpdate)
    assert allowed.reply_to_message.id == sent.id and allowed.expiration_timestamp is None
    button = await wa.send_template(to=user, name="pywa_ring", language=language, params=[])
    tapped = await sandbox.call("POST", f"/users/{user}/taps", {"message_id": button.id})
    connect = await pywa.expect(types.CallConnect)
    assert connect.id == tapped["id"]
    assert (await connect.reject()).success
    await pywa.expect(types.CallTerminate)

    edited = await wa.update_template(ask.id, new_components=[parts.BodyText("May we ring you about order {{1}} this week?", "A-77"), parts.CallPermissionRequestButton()])
    assert edited and edited.name == "pywa_ask"
    for name in ("pywa_ask", "pywa_ring"):
        assert (await wa.delete_template(name)).success
    assert (await wa.get_templates(name="pywa_")).total_count == 0


async def test_messages_buttons_and_files_go_through_pywa(pywa, sandbox, fresh_user):
    wa = pywa.wa
    user = await sandbox.user(fresh_user())
    await sandbox.call("POST", f"/users/{user}/messages", {"to": PHONE, "type": "text", "text": {"body": "Hello"}})
    hello = await pywa.expect(types.Message)
    assert (await hello.mark_as_read()) is not None and (await hello.indicate_typing()) is not None
    pick = await hello.reply("What is it about?", header="Harbour", footer="We are open", buttons=[types.Button("Order", "order"), types.Button("Other", "other")])
    await sandbox.call("POST", f"/users/{user}/taps", {"message_id": pick.id, "reply_id": "order"})
    chosen = await pywa.expect(types.CallbackButton)
    assert chosen.data == "order" and chosen.reply_to_message.id == pick.id
    rows = types.SectionList("Menu", [types.Section("Help", [types.SectionRow("Call me", "call_me", "By phone")])])
    menu = await wa.send_message(to=user, text="Or one of these", buttons=rows)
    await sandbox.call("POST", f"/users/{user}/taps", {"message_id": menu.id, "reply_id": "call_me"})
    assert (await pywa.expect(types.CallbackSelection)).data == "call_me"
    button = await wa.send_message(to=user, text="Talk to us", buttons=types.VoiceCallButton(title="Call us", ttl_minutes=120))
    tapped = await sandbox.call("POST", f"/users/{user}/taps", {"message_id": button.id})
    connect = await pywa.expect(types.CallConnect, lambda call: call.id == tapped["id"])
    await connect.reject()
    await pywa.expect(types.CallTerminate, lambda call: call.id == tapped["id"])

    quiet = sound_file()
    file = await wa.upload_media(media=quiet, mime_type="audio/ogg", filename="closed.ogg")
    url = await wa.get_media_url(file.id)
    assert url.mime_type == "audio/ogg" and int(url.file_size) == len(quiet)
    assert await wa.get_media_bytes(url.url) == quiet
    assert (await wa.delete_media(file.id)).success


async def test_a_changed_number_and_a_shared_one_are_read(pywa, sandbox, graph, fresh_user):
    user, other = await sandbox.user(fresh_user()), fresh_user()
    await sandbox.call("POST", f"/users/{user}/messages", {"to": PHONE, "type": "text", "text": {"body": "Hello"}})
    hello = await pywa.expect(types.Message, lambda message: message.text == "Hello")
    await sandbox.call("POST", f"/users/{user}/number", {"wa_id": other})
    changed = await pywa.expect(types.PhoneNumberChange)
    assert (changed.old_wa_id, changed.new_wa_id) == (user, other)
    assert changed.sys_type.value == "user_changed_number" and changed.body == f"User Zoe changed from {user} to {other}"
    assert changed.new_user_id != hello.from_user.bsuid

    # A user with a username is no number to a business that never met it; asked, the user shares it.
    hidden = await sandbox.user(fresh_user())
    await sandbox.call("PATCH", f"/users/{hidden}", {"username": "cleo.of.the.harbour", "name": "Cleo"})
    await sandbox.call("POST", f"/users/{hidden}/messages", {"to": PHONE, "type": "text", "text": {"body": "It is me"}})
    message = await pywa.expect(types.Message, lambda message: message.text == "It is me")
    assert message.from_user.wa_id is None and message.from_user.username == "cleo.of.the.harbour"
    ask = {"type": "request_contact_info", "body": {"text": "Your number?"}, "action": {"name": "request_contact_info"}}
    body = {"messaging_product": "whatsapp", "recipient": message.from_user.bsuid, "type": "interactive", "interactive": ask}
    asked = await graph.call("POST", f"{PHONE}/messages", body)
    assert "wa_id" not in asked["contacts"][0]
    await sandbox.call("POST", f"/users/{hidden}/share_number", {"message_id": asked["messages"][0]["id"]})
    shared = await pywa.expect(types.Message, lambda message: bool(message.contacts))
    assert shared.contacts[0].phones[0].wa_id == hidden and shared.from_user.wa_id == hidden
    assert pywa.raw[-1]["entry"][0]["changes"][0]["value"]["messages"][0]["contacts"][0]["origin"] == "contact_request"


def sound_file() -> bytes:
    """Half a second of Ogg with Opus."""
    import av
    import numpy as np

    out = io.BytesIO()
    with av.open(out, "w", format="ogg") as container:
        stream = container.add_stream("libopus", rate=48000)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 24000), dtype="<i2"), format="s16", layout="mono")
        frame.sample_rate = 48000
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    return out.getvalue()
