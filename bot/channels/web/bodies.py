"""What a request brings: a message as JSON or as a form, its pictures checked and kept."""

import asyncio

from fastapi import HTTPException, Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.formparsers import MultiPartException

from bot.channels.web.translations import LONGEST, Text
from bot.channels.web.visitor import WebChat
from console import attachments
from console.errors import RefusedUpload
from handoff.model import Attachment


async def read_body(request: Request, web: WebChat) -> tuple[Text, tuple[Attachment, ...]]:
    """The message of a JSON or a multipart request, its pictures checked and kept.

    Raises HTTPException for what cannot be taken and DiskFull where there is no room; nothing is kept then.
    """
    language = request.state.language
    try:
        if not request.headers.get("content-type", "").startswith("multipart/"):
            return Text.model_validate_json(await request.body()), ()
        async with request.form(max_files=attachments.MAX_FILES, max_fields=4) as form:
            sent = Text(id=str(form.get("id", "")), text=str(form.get("text", "")))
            uploads = [part for part in form.getlist("file") if isinstance(part, UploadFile)]
            pictures = [(upload.filename or "", await upload.read(attachments.MAX_BYTES + 1)) for upload in uploads]
            return sent, await asyncio.to_thread(attachments.keep, web.files, pictures)
    except (ValueError, MultiPartException, StarletteHTTPException) as error:
        raise HTTPException(422, web.texts.say("web.unreadable", language, most=LONGEST)) from error
    except OSError as error:  # a large upload is put aside on the disk while it is read
        raise attachments.no_room(error) or error from error
    except RefusedUpload as error:
        raise HTTPException(415, web.texts.say(f"web.upload.{error.reason}", language, name=error.name)) from error
