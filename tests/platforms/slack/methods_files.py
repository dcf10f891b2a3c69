"""Methods of the Web API about files and views."""

from tests.platforms.slack import payloads, rules
from tests.platforms.slack.calls import Args, Json, find_channel, find_file, find_user, method
from tests.platforms.slack.methods_chat import draft
from tests.platforms.slack.rules import SlackError
from tests.platforms.slack.world import File, View, World


@method("files.getUploadURLExternal")
def upload_url(world: World, args: Args) -> Json:
    """An address to send the bytes to, and the id that the file will have."""
    if not args.text("filename") or not args.text("length").isdigit() or int(args.text("length")) == 0:
        raise SlackError("missing_argument")
    if len(args.text("alt_txt")) > 1000:
        raise SlackError("alt_txt_too_large")
    file = File(world.mint("F"), args.text("filename"), world.bot, int(world.settings.clock()))
    file.length, file.received, file.complete = int(args.text("length")), False, False
    world.files[file.id] = file
    return {"upload_url": f"{world.base}/upload/v1/{file.id}", "file_id": file.id}


@method("files.completeUploadExternal")
def complete_upload(world: World, args: Args) -> Json:
    """Make uploaded files real, and share them in a message of the bot."""
    named = args.json("files")
    if not isinstance(named, list) or not named:
        raise SlackError("invalid_arguments", "[ERROR] missing required field: files")
    files = [world.files.get(str(entry.get("id"))) for entry in named]
    if any(file is None or not file.received or file.complete for file in files):
        raise SlackError("file_not_found")
    ready = [file for file in files if file is not None]
    places = [place for place in [args.text("channel_id"), *args.text("channels").split(",")] if place]
    for place in places:
        _shareable(world, place)
    for file, entry in zip(ready, named, strict=True):
        file.title, file.complete = entry.get("title") or file.name, True
    for place in places:
        _share(world, place, ready, args)
    return {"files": [payloads.file(file, world) for file in ready]}


@method("files.info")
def files_info(world: World, args: Args) -> Json:
    """One file."""
    return {"file": payloads.file(find_file(world, args.text("file")), world), "comments": []}


@method("views.open")
def views_open(world: World, args: Args) -> Json:
    """Open a modal for who did what the trigger stands for: once, and soon."""
    args.need("trigger_id")
    body = _view(args, "modal")
    user = world.triggers.exchange(args.text("trigger_id"))
    view = View(world.mint("V"), user, body, world.mint_ts())
    world.views[view.id] = view
    world.touch()
    return {"view": payloads.view(view, world)}


@method("views.update")
def views_update(world: World, args: Args) -> Json:
    """Change an open modal, named by id or external id; `hash` guards against another change."""
    body = _view(args, "modal")
    wanted = args.text("view_id"), args.text("external_id")
    found = [
        v for v in world.views.values() if v.open and (v.id == wanted[0] or v.body.get("external_id") == wanted[1])
    ]
    if not any(wanted) or not found:
        raise SlackError("not_found")
    return {"view": payloads.view(change_view(world, found[0], body, args.text("hash")), world)}


@method("views.publish")
def views_publish(world: World, args: Args) -> Json:
    """Set the App Home of one user."""
    user = find_user(world, args.need("user_id")[0])
    body = _view(args, "home")
    if not world.settings.home_tab:
        raise SlackError("not_enabled")
    known = world.homes.get(user.id)
    if known is None:
        known = world.homes[user.id] = View(world.mint("V"), user, body, world.mint_ts())
        world.touch()
    else:
        change_view(world, known, body, args.text("hash"))
    return {"view": payloads.view(known, world)}


def change_view(world: World, view: View, body: Json, hash: str = "") -> View:  # noqa: A002
    """Give a view a new body; `hash_conflict` if it is no longer the one with this hash."""
    if hash and hash != view.hash:
        raise SlackError("hash_conflict")
    view.body, view.hash = body, world.mint_ts()
    world.touch()
    return view


def _view(args: Args, kind: str) -> Json:
    if len(args.text("view")) > rules.MOST_VIEW_BYTES:
        raise SlackError("view_too_large")
    view = args.json("view")
    rules.check_view(view, kind=kind)
    body: Json = view
    return body


def _shareable(world: World, place: str) -> None:
    try:
        channel = find_channel(world, Args({"channel": place}))
    except SlackError:
        raise SlackError("invalid_channel") from None
    if world.bot not in channel.members or channel.archived:
        raise SlackError("posting_to_channel_denied")


def _share(world: World, place: str, files: list[File], args: Args) -> None:
    channel = world.channels[place]
    comment = args.text("initial_comment")
    message = draft(world, channel, Args({"text": comment or "_", "thread_ts": args.text("thread_ts")}))
    message.texts, message.files = [comment], files
    for file in files:
        file.channels.append(place)
    channel.post(message)
