"""How the Bot API says no: `ApiError` carries the code, the description and the parameters of the wire format."""

__all__ = ["ApiError", "bad", "conflict", "forbidden", "not_found", "too_large", "too_many", "unauthorized"]


class ApiError(Exception):
    """A refusal as Telegram sends it: `code` is the HTTP status and the error_code, `parameters` the hints to a client."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(f"{code} {description}")
        self.code, self.description, self.parameters = code, description, parameters

    def json(self) -> dict[str, object]:
        """The body of the answer."""
        body: dict[str, object] = {"ok": False, "error_code": self.code, "description": self.description}
        return {**body, "parameters": self.parameters} if self.parameters else body


def bad(sentence: str, **parameters: int) -> ApiError:
    """400: the request cannot be done as asked; the first letter is lowered as Telegram does, codes stay."""
    lowered = sentence if sentence[1:2].isupper() or sentence[1:2] == "_" else sentence[:1].lower() + sentence[1:]
    return ApiError(400, f"Bad Request: {lowered}", **parameters)


def forbidden(sentence: str) -> ApiError:
    """403: the bot was shut out."""
    return ApiError(403, f"Forbidden: {sentence}")


def conflict(sentence: str) -> ApiError:
    """409: somebody else fetches the updates."""
    return ApiError(409, f"Conflict: {sentence}")


def unauthorized() -> ApiError:
    """401: a token of the right form that belongs to no bot."""
    return ApiError(401, "Unauthorized")


def not_found() -> ApiError:
    """404: no such method, no such file, or no token at all."""
    return ApiError(404, "Not Found")


def too_large() -> ApiError:
    """413: an upload above the limit of the public server."""
    return ApiError(413, "Request Entity Too Large")


def too_many(retry_after: int) -> ApiError:
    """429: come back after so many whole seconds, at least one."""
    return ApiError(429, f"Too Many Requests: retry after {retry_after}", retry_after=retry_after)
