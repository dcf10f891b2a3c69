"""The static files: read once, served from memory under a folder named by their common hash."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

FOLDER: Final = Path(__file__).parent / "static"
_TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_FOREVER: Final = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Assets:
    """Files by name, and the version that changes when any of them does (modules import each other)."""

    files: Mapping[str, bytes]
    version: str

    @classmethod
    def load(cls, folder: Path = FOLDER) -> Self:
        """Read the folder."""
        files = {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.suffix in _TYPES}
        digest = hashlib.sha256()
        for name, content in files.items():
            digest.update(f"{name}:{len(content)}:".encode() + content)
        return cls(files, digest.hexdigest()[:12])

    def path(self, name: str) -> str:
        """The address of a file; raises KeyError for one that is not there."""
        if name not in self.files:
            raise KeyError(name)
        return f"/static/{self.version}/{name}"


router = APIRouter()


@router.get("/static/{version}/{name}", include_in_schema=False)
async def static_file(request: Request, version: str, name: str) -> Response:
    """A static file: kept forever under the current version, never under an old page's."""
    assets: Assets = request.app.state.pages.assets
    if name not in assets.files:
        raise HTTPException(404)
    kept = _FOREVER if version == assets.version else "no-cache"
    media_type = _TYPES[Path(name).suffix] + "; charset=utf-8"
    return Response(assets.files[name], media_type=media_type, headers={"Cache-Control": kept})
