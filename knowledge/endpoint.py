"""One JSON call to a model's server, bounded in time and size, whatever the server does.

The HTTP client's own time-out is per read, so a server that drips a byte a second would hold a call for ever: here the
whole call, retries and waits included, has one deadline.
"""

import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, Literal, Protocol, runtime_checkable

import httpx

from store.clock import Clock, utc_now

Fault = Literal["unreachable", "late", "busy", "refused", "too_long", "malformed"]

_RETRIED: Final = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_TOO_LARGE: Final = 413
_FIRST_WAIT_S: Final = 0.5
_LONGEST_WAIT_S: Final = 30.0
_ATTEMPTS: Final = 5
_MOST_BYTES: Final = 64_000_000
#: How servers say that an input, or a batch of them, is too long; several say so with a status of their own.
_LONG_WORDS: Final = (
    "too long",
    "too large",
    "too many",
    "maximum context",
    "max_tokens",
    "context length",
    "context size",
    "maximum input length",
    "sequence length",
    "batch size",
    "reduce the length",
    "exceed",
)


@runtime_checkable
class Closing(Protocol):
    """Something that holds connections until it is closed."""

    def close(self) -> None:
        """Let go of them."""
        ...


class EndpointError(Exception):
    """A call came to nothing; ``kind`` says how, ``detail`` in the server's words as far as it had any."""

    def __init__(self, kind: Fault, detail: str, *, retry_after: float | None = None, again: bool = False) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind, self.detail = kind, detail
        self.retry_after, self.again = retry_after, again


class Endpoint:
    """A server below ``base_url``. Blocking and thread-safe; ``sleep``, ``tick`` and ``clock`` are for tests."""

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str = "",
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        tick: Callable[[], float] = time.monotonic,
        clock: Clock = utc_now,
    ) -> None:
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._client = httpx.Client(transport=transport, headers=headers, follow_redirects=False)
        self._base = base_url.rstrip("/")
        self._sleep, self._tick, self._clock = sleep, tick, clock

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def post(self, path: str, body: Mapping[str, Any], *, patience_s: float) -> dict[str, Any]:
        """Return the JSON object that the server answers with, within ``patience_s`` in all.

        A busy or failing server is asked again, after the time it names or twice the last one.

        Raises:
            EndpointError: it does not answer so; ``too_long`` if it says that it was given too much.
        """
        until = self._tick() + patience_s
        wait = _FIRST_WAIT_S
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return self._once(path, body, until=until)
            except EndpointError as error:
                pause = wait if error.retry_after is None else error.retry_after
                hopeless = pause > _LONGEST_WAIT_S or self._tick() + pause >= until
                if not error.again or attempt == _ATTEMPTS or hopeless:
                    raise
            self._sleep(pause)
            wait *= 2
        raise AssertionError("the last attempt returns or raises")

    def _once(self, path: str, body: Mapping[str, Any], *, until: float) -> dict[str, Any]:
        content = json.dumps(body, ensure_ascii=True).encode()
        left = max(until - self._tick(), 0.05)
        request = self._client.build_request(
            "POST",
            f"{self._base}/{path.lstrip('/')}",
            content=content,
            headers={"Content-Type": "application/json"},
            timeout=httpx.Timeout(left, connect=min(left, 10.0)),
        )
        try:
            response = self._client.send(request, stream=True)
            try:
                raw = self._read(response, until=until)
            finally:
                response.close()
        except httpx.TimeoutException as error:
            raise EndpointError("late", type(error).__name__, again=True) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise EndpointError("unreachable", type(error).__name__, again=True) from error
        return self._judged(response, raw)

    def _read(self, response: httpx.Response, *, until: float) -> bytes:
        pieces: list[bytes] = []
        size = 0
        for piece in response.iter_bytes():
            size += len(piece)
            if size > _MOST_BYTES:
                raise EndpointError("malformed", f"an answer of more than {_MOST_BYTES // 1_000_000} MB")
            if self._tick() > until:
                raise EndpointError("late", "the answer drips")
            pieces.append(piece)
        return b"".join(pieces)

    def _judged(self, response: httpx.Response, raw: bytes) -> dict[str, Any]:
        answer = _parsed(raw)
        said = _complaint(answer)
        status = response.status_code
        if status == httpx.codes.OK and answer is not None and not said:
            return answer
        if status == _TOO_LARGE or (said and any(words in said.lower() for words in _LONG_WORDS)):
            raise EndpointError("too_long", said or "413")
        if status in _RETRIED:
            after = _retry_after(response.headers.get("Retry-After"), now=self._clock())
            raise EndpointError("busy", f"{status} {said}".strip(), retry_after=after, again=True)
        if status != httpx.codes.OK:
            raise EndpointError("refused", f"{status} {said}".strip())
        if said:  # an error in the clothes of a success: some gateways pass on a tired backend so
            raise EndpointError("busy", said, again=True)
        raise EndpointError("malformed", "a page or text, no JSON object")


def _parsed(raw: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _complaint(answer: Mapping[str, Any] | None) -> str:
    """What an answer says is wrong, in its own words; "" for none."""
    if answer is None:
        return ""
    error = answer.get("error") or (answer.get("detail") if "data" not in answer and "results" not in answer else None)
    if isinstance(error, Mapping):
        error = error.get("message") or error.get("type") or error.get("code") or "an error without words"
    return " ".join(str(error).split())[:300] if error else ""


def _retry_after(value: str | None, *, now: datetime) -> float | None:
    """Seconds to wait, from either form of the header; None where it says nothing usable."""
    if value is None:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, OverflowError):  # the latter of a zone beyond all measure
        return None
    return max(0.0, ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds())
