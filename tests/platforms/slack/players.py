"""What people do with the app's own things: press, type a command, choose a shortcut, submit a view, open the home."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.platforms.slack import payloads
from tests.platforms.slack.calls import Args
from tests.platforms.slack.channels import Channel
from tests.platforms.slack.deliveries import Outcome, Sending, Transport
from tests.platforms.slack.methods_chat import draft, whisper
from tests.platforms.slack.methods_files import change_view
from tests.platforms.slack.rules import SlackError, check_view
from tests.platforms.slack.world import Event, Message, User, View, World, elements

Json = dict[str, Any]


@dataclass(frozen=True)
class Ack:
    """How the app took an interaction: `ok` within time, the HTTP status (0 without), the body it gave.

    `errors` are those of a view's fields, `error` is what the person sees of a failure.
    """

    ok: bool
    status: int
    body: Any
    error: str = ""
    errors: Mapping[str, str] | None = None


class Players:
    """The people's hands. Each verb waits for the acknowledgement; nothing of it is sent twice, as with Slack."""

    world: World
    transport: Transport

    async def press(self, user: User, on: Message | View, action_id: str, value: str | None = None) -> Ack:
        """Press a button, or choose the option with this value, in a message or a view."""
        found = [(block, part) for block, part in elements(on.blocks) if part["action_id"] == action_id]
        assert found, f"no {action_id!r} among {[part['action_id'] for _, part in elements(on.blocks)]}"
        if value is not None:
            found = [(block, part) for block, part in found if value in _values(part)]
            assert found, f"no {action_id!r} with {value!r}"
        block, part = found[0]
        action = {
            "type": part["type"],
            "action_id": action_id,
            "block_id": block.get("block_id"),
            **_chosen(part, value),
        }
        action["action_ts"] = self.world.mint_ts()
        body = {**self._who(user, "block_actions"), **self._where(user, on), "actions": [action]}
        return await self._interact(body)

    async def shortcut(self, user: User, on: Message | None, callback_id: str) -> Ack:
        """Choose a message's shortcut, or a global one (`on` None)."""
        body = {"callback_id": callback_id, "action_ts": self.world.mint_ts()}
        if on is None:
            return await self._interact({**self._who(user, "shortcut"), **body})
        where = self._where(user, on)
        where.pop("container")
        where.pop("state")
        where["message_ts"] = on.ts
        return await self._interact({**self._who(user, "message_action"), **body, **where})

    async def slash(self, user: User, channel: Channel, command: str, text: str = "") -> Ack:
        """Type a slash command; what the acknowledgement says is shown to the user, or to all with "in_channel"."""
        world = self.world
        body = {"token": world.settings.verification_token, "team_id": world.team.id, "team_domain": world.team.domain}
        body |= {"channel_id": channel.id, "channel_name": "directmessage" if channel.kind == "im" else channel.name}
        body |= {"user_id": user.id, "user_name": user.name, "command": command, "text": text}
        body |= {"api_app_id": world.settings.app_id, "is_enterprise_install": "false"}
        body["response_url"] = world.responses.issue(world.base, channel.id, user.id, None)
        body["trigger_id"] = world.triggers.issue(user)
        ack = _ack(await self.transport.send(Sending("slash_commands", body)))
        if ack.ok and ack.body:
            said = ack.body if isinstance(ack.body, dict) else {"text": str(ack.body)}
            self._answer(channel, user, said)
        return ack

    async def submit(self, view: View, values: Mapping[str, Mapping[str, Json]] | None = None) -> Ack:
        """Submit a modal; `values` are {block id: {action id: state}}, what is not given is sent as it stood there.

        What the app answers is done to the view.
        """
        assert view.open, "the view is closed"
        given = {block: dict(actions) for block, actions in (values or {}).items()}
        state = {"values": _untouched(view) | given}
        body = self._who(view.user, "view_submission")
        body |= {"view": {**payloads.view(view, self.world), "state": state}, "response_urls": []}
        ack = await self._interact(body)
        return self._respond(view, ack) if ack.ok else ack

    async def close_view(self, view: View) -> Ack | None:
        """Close a modal; the app hears of it if the view asks for that."""
        view.open = False
        if not view.body.get("notify_on_close"):
            return None
        body = {**self._who(view.user, "view_closed"), "view": payloads.view(view, self.world), "is_cleared": False}
        body.pop("trigger_id")
        return await self._interact(body)

    def open_home(self, user: User, *, tab: str = "home") -> None:
        """Open the app's home: `app_home_opened`, with the view that stands there."""
        body: Json = {"type": "app_home_opened", "user": user.id, "tab": tab, "channel": self.world.direct(user).id}
        known = self.world.home(user)
        if known is not None and tab == "home":
            body["view"] = payloads.view(known, self.world)
        self.world.emit(Event({**body, "event_ts": self.world.mint_ts()}))

    def respond(self, secret: str, said: Json) -> None:
        """The app uses a response URL: an ephemeral message, one for all, or the pressed message changed or deleted."""
        place = self.world.responses.use(secret)
        channel, user = self.world.channels[place.channel_id], self.world.users[place.user_id]
        pressed = _find(channel, place.message_ts)
        if pressed is not None and said.get("delete_original"):
            _remove(pressed)
        elif pressed is not None and said.get("replace_original"):
            _replace(pressed, draft(self.world, channel, Args(said)))
        else:
            self._answer(channel, user, said)

    def _answer(self, channel: Channel, user: User, said: Json) -> None:
        message = draft(self.world, channel, Args(said))
        if said.get("response_type") == "in_channel":
            channel.post(message)
        else:
            whisper(message, user.id)

    async def _interact(self, body: Json) -> Ack:
        return _ack(await self.transport.send(Sending("interactive", body)))

    def _who(self, user: User, kind: str) -> Json:
        world = self.world
        person = {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team.id}
        body: Json = {"type": kind, "user": person, "api_app_id": world.settings.app_id, "enterprise": None}
        body |= {"token": world.settings.verification_token, "team": {"id": world.team.id, "domain": world.team.domain}}
        return {**body, "is_enterprise_install": False, "trigger_id": world.triggers.issue(user)}

    def _where(self, user: User, on: Message | View) -> Json:
        if isinstance(on, View):
            shown = payloads.view(on, self.world)
            return {"container": {"type": "view", "view_id": on.id}, "view": shown, "state": {"values": {}}}
        channel, hidden = on.channel, on.only_for is not None
        assert on.only_for in {None, user.id}, "somebody else's ephemeral message"
        container: Json = {"type": "message", "message_ts": on.ts, "channel_id": channel.id, "is_ephemeral": hidden}
        if on.thread:
            container["thread_ts"] = on.thread
        name = {"im": "directmessage", "private": "privategroup"}.get(channel.kind, channel.name)
        body: Json = {"container": container, "channel": {"id": channel.id, "name": name}, "state": {"values": {}}}
        body["response_url"] = self.world.responses.issue(self.world.base, channel.id, user.id, on.ts)
        return body if hidden else {**body, "message": payloads.message(on)}

    def _respond(self, view: View, ack: Ack) -> Ack:
        answer = ack.body if isinstance(ack.body, dict) else {}
        action = answer.get("response_action")
        if action == "errors":
            named = {block.get("block_id") for block in view.blocks if block["type"] == "input"}
            if not answer.get("errors") or not set(answer["errors"]) <= named:
                return Ack(ok=False, status=ack.status, body=ack.body, error="invalid_arguments")
            return Ack(ack.ok, ack.status, ack.body, errors=answer["errors"])
        if action in {"update", "push"}:
            try:
                check_view(answer.get("view"), kind="modal")
            except SlackError as refusal:
                return Ack(ok=False, status=ack.status, body=ack.body, error=refusal.code)
        if action == "update":
            change_view(self.world, view, answer["view"])
        elif action == "push":
            pushed = View(self.world.mint("V"), view.user, answer["view"], self.world.mint_ts())
            self.world.views[pushed.id] = pushed
        else:
            view.open = False
        return ack


def _ack(outcome: Outcome) -> Ack:
    error = "" if outcome.ok else "operation_timeout" if outcome.reason.endswith("timeout") else "dispatch_failed"
    return Ack(outcome.ok, outcome.status, outcome.body, error)


def _values(part: Json) -> list[str | None]:
    return [part.get("value"), *(option.get("value") for option in part.get("options", []))]


def _untouched(view: View) -> dict[str, Json]:
    """What stands in the fields of a modal that nobody has touched."""
    fields = ((str(block.get("block_id")), block["element"]) for block in view.blocks if block["type"] == "input")
    return {
        block: {field["action_id"]: {"type": field["type"], "value": field.get("initial_value")}}
        for block, field in fields
        if field["type"] == "plain_text_input"
    }


def _chosen(part: Json, value: str | None) -> Json:
    if part["type"] == "button":
        return {"text": part["text"], **({"value": part["value"]} if "value" in part else {})}
    chosen = [option for option in part.get("options", []) if value is None or option.get("value") == value]
    return {"selected_option": chosen[0] if chosen else None}


def _find(channel: Channel, ts: str | None) -> Message | None:
    hidden = (message for message in channel.whispers if message.ts == ts and not message.deleted)
    return channel.messages.get(ts or "") or next(hidden, None)


def _remove(message: Message) -> None:
    if message.only_for is None:
        message.channel.delete(message)
    else:
        message.deleted = True
        message.channel.whispers.remove(message)


def _replace(message: Message, fresh: Message) -> None:
    if message.only_for is None:
        message.channel.change(message, text=fresh.text, blocks=fresh.blocks, attachments=fresh.attachments)
    else:
        message.texts.append(fresh.text)
        message.blocks, message.attachments = fresh.blocks, fresh.attachments
        message.channel.world.touch()
