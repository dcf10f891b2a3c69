"""Every setting, validated once, from the environment; nothing else reads the environment."""

import re
from ipaddress import ip_network
from pathlib import Path

from platformdirs import user_data_path
from pydantic import AliasChoices, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.errors import SettingsError
from bot.letters import read_sender
from bot.mail_server import MailServer
from bot.webhooks import checked_url, is_loopback, signing_key

SQLITE_FILE = "aftercare.sqlite3"
"""The database's name in the data folder."""
_HERE = Path(__file__).resolve().parent
_CHECKOUT = _HERE.parent if (_HERE.parent / "pyproject.toml").is_file() else None


def shipped(name: str) -> Path:
    """A folder that comes with the program (`manual`, `prompts`): the checkout's, else the package's."""
    return _CHECKOUT / name if _CHECKOUT else _HERE / "_shipped" / name


def _default_data() -> Path:
    return _CHECKOUT / "data" if _CHECKOUT else user_data_path("aftercare")


class Settings(BaseSettings):
    """The settings of one process. Names in the environment stand beside each field."""

    model_config = SettingsConfigDict(env_file=None, extra="ignore", populate_by_name=True, hide_input_in_errors=True)

    data: Path = Field(default_factory=_default_data, validation_alias=AliasChoices("AFTERCARE_DATA", "data"))
    manual: Path = Field(
        default_factory=lambda: shipped("manual"), validation_alias=AliasChoices("AFTERCARE_MANUAL", "manual")
    )
    prompts: Path = Field(
        default_factory=lambda: shipped("prompts"), validation_alias=AliasChoices("AFTERCARE_PROMPTS", "prompts")
    )
    host: str = Field(default="127.0.0.1", validation_alias=AliasChoices("AFTERCARE_HOST", "host"))
    port: int = Field(default=8000, ge=0, le=65535, validation_alias=AliasChoices("PORT", "port"))
    public_url: str | None = Field(default=None, validation_alias=AliasChoices("PUBLIC_URL", "public_url"))
    database_url: SecretStr | None = Field(default=None, validation_alias=AliasChoices("DATABASE_URL", "database_url"))
    chroma_url: str | None = Field(default=None, validation_alias=AliasChoices("CHROMA_URL", "chroma_url"))
    openai_api_key: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("OPENAI_API_KEY", "openai_api_key")
    )
    openai_base_url: str | None = Field(
        default=None, validation_alias=AliasChoices("OPENAI_BASE_URL", "openai_base_url")
    )
    openai_model: str = Field(default="gpt-4o-mini", validation_alias=AliasChoices("OPENAI_MODEL", "openai_model"))
    embedder: str = Field(default="embedded", validation_alias=AliasChoices("AFTERCARE_EMBEDDER", "embedder"))
    embedder_url: str | None = Field(
        default=None, validation_alias=AliasChoices("AFTERCARE_EMBEDDER_URL", "embedder_url")
    )
    embedder_key: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("AFTERCARE_EMBEDDER_KEY", "embedder_key")
    )
    embedder_query: str | None = Field(
        default=None, validation_alias=AliasChoices("AFTERCARE_EMBEDDER_QUERY", "embedder_query")
    )
    embedder_passage: str | None = Field(
        default=None, validation_alias=AliasChoices("AFTERCARE_EMBEDDER_PASSAGE", "embedder_passage")
    )
    embedder_price: float | None = Field(
        default=None, ge=0, le=1_000, validation_alias=AliasChoices("AFTERCARE_EMBEDDER_PRICE", "embedder_price")
    )
    embedder_threads: int = Field(
        default=2, ge=1, le=64, validation_alias=AliasChoices("AFTERCARE_EMBEDDER_THREADS", "embedder_threads")
    )
    reranker: str | None = Field(default=None, validation_alias=AliasChoices("AFTERCARE_RERANKER", "reranker"))
    reranker_url: str | None = Field(
        default=None, validation_alias=AliasChoices("AFTERCARE_RERANKER_URL", "reranker_url")
    )
    reranker_key: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("AFTERCARE_RERANKER_KEY", "reranker_key")
    )
    model_deadline_s: float = Field(
        default=20, gt=0, le=120, validation_alias=AliasChoices("AFTERCARE_MODEL_DEADLINE", "model_deadline_s")
    )
    progress_after_s: float = Field(
        default=2.5, ge=0, le=120, validation_alias=AliasChoices("AFTERCARE_PROGRESS_AFTER", "progress_after_s")
    )
    pager_url: SecretStr | None = Field(default=None, validation_alias=AliasChoices("AFTERCARE_PAGER_URL", "pager_url"))
    pager_secret: SecretStr | None = Field(
        default=None, validate_default=True, validation_alias=AliasChoices("AFTERCARE_PAGER_SECRET", "pager_secret")
    )
    telegram_token: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("TELEGRAM_TOKEN", "telegram_token")
    )
    telegram_webhook_secret: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("TELEGRAM_WEBHOOK_SECRET", "telegram_webhook_secret")
    )
    telegram_api: str = Field(
        default="https://api.telegram.org", validation_alias=AliasChoices("TELEGRAM_API", "telegram_api")
    )
    slack_bot_token: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("SLACK_BOT_TOKEN", "slack_bot_token")
    )
    slack_app_token: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("SLACK_APP_TOKEN", "slack_app_token")
    )
    slack_signing_secret: SecretStr | None = Field(
        default=None,
        validate_default=True,
        validation_alias=AliasChoices("SLACK_SIGNING_SECRET", "slack_signing_secret"),
    )
    slack_api: str = Field(default="https://slack.com/api/", validation_alias=AliasChoices("SLACK_API", "slack_api"))
    smtp_url: SecretStr | None = Field(default=None, validation_alias=AliasChoices("SMTP_URL", "smtp_url"))
    mail_from: str | None = Field(
        default=None, validate_default=True, validation_alias=AliasChoices("MAIL_FROM", "mail_from")
    )
    recall_days: int = Field(
        default=90, ge=1, le=3650, validation_alias=AliasChoices("AFTERCARE_RECALL_DAYS", "recall_days")
    )
    erasures: Path | None = Field(default=None, validation_alias=AliasChoices("AFTERCARE_ERASURES", "erasures"))
    metrics_token: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("AFTERCARE_METRICS_TOKEN", "metrics_token")
    )
    log_level: str = Field(default="warning", validation_alias=AliasChoices("AFTERCARE_LOG", "log_level"))

    log_text: bool = Field(default=False, validation_alias=AliasChoices("AFTERCARE_LOG_TEXT", "log_text"))
    trusted_proxies: str = Field(
        default="", validation_alias=AliasChoices("AFTERCARE_TRUSTED_PROXIES", "trusted_proxies")
    )

    @field_validator("data", "manual", "prompts")
    @classmethod
    def _absolute(cls, path: Path) -> Path:
        return path.expanduser().absolute()

    @field_validator("public_url", "openai_base_url", "embedder_url", "reranker_url", "chroma_url", mode="before")
    @classmethod
    def _no_blank(cls, value: str | None) -> str | None:
        value = (value or "").strip().rstrip("/")
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return value or None

    @field_validator("embedder")
    @classmethod
    def _known_embedder(cls, value: str) -> str:
        value = value.strip() or "embedded"
        kind, _, name = value.partition(":")
        if value != "embedded" and not (kind in ("sentence-transformers", "openai") and name.strip()):
            raise ValueError("must be embedded, sentence-transformers:FOLDER or openai:MODEL")
        return value

    @field_validator("reranker")
    @classmethod
    def _known_reranker(cls, value: str | None) -> str | None:
        value = (value or "").strip()
        kind, _, name = value.partition(":")
        if value and not (kind in ("sentence-transformers", "api") and name.strip()):
            raise ValueError("must be sentence-transformers:FOLDER or api:MODEL")
        return value or None

    @field_validator("telegram_api")
    @classmethod
    def _telegram_server(cls, value: str) -> str:
        return checked_url(value).rstrip("/")

    @field_validator("telegram_token")
    @classmethod
    def _bots_token(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"\d+:[A-Za-z0-9_-]{20,}", value.get_secret_value()):
            raise ValueError("must be as @BotFather gave it, such as 123456:ABC…")
        return value

    @field_validator("telegram_webhook_secret")
    @classmethod
    def _secret_token(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"[A-Za-z0-9_-]{16,256}", value.get_secret_value()):
            raise ValueError("must have 16 to 256 letters, digits, _ or -")
        return value

    @field_validator("slack_api")
    @classmethod
    def _slack_server(cls, value: str) -> str:
        return checked_url(value).rstrip("/") + "/"

    @field_validator("slack_bot_token", "slack_app_token")
    @classmethod
    def _slack_token(cls, value: SecretStr | None, known: ValidationInfo) -> SecretStr | None:
        start = "xoxb-" if known.field_name == "slack_bot_token" else "xapp-"
        if value is not None and not re.fullmatch(rf"{start}[A-Za-z0-9.-]{{4,}}", value.get_secret_value()):
            raise ValueError(f"must be as Slack gave it, and begin with {start}")
        return value

    @field_validator("slack_signing_secret")
    @classmethod
    def _slack_is_whole(cls, value: SecretStr | None, known: ValidationInfo) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"[A-Za-z0-9]{16,128}", value.get_secret_value()):
            raise ValueError("must be as Slack gave it: App Credentials, Signing Secret")
        if "slack_bot_token" not in known.data or "slack_app_token" not in known.data:
            return value  # one of them is wrong, which is said first
        token, socket = known.data["slack_bot_token"], known.data["slack_app_token"]
        if token is not None and socket is None and value is None:
            raise ValueError("must be set beside SLACK_BOT_TOKEN, or SLACK_APP_TOKEN (xapp-…) for Socket Mode")
        if token is None and (socket is not None or value is not None):
            raise ValueError("is of no use, like SLACK_APP_TOKEN, without SLACK_BOT_TOKEN (xoxb-…): set it, or none")
        return value

    @field_validator("metrics_token")
    @classmethod
    def _long_token(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"[!-~]{16,256}", value.get_secret_value()):
            raise ValueError("must have 16 to 256 letters, digits or signs")
        return value

    @field_validator(
        "metrics_token",
        "pager_url",
        "pager_secret",
        "smtp_url",
        "mail_from",
        "telegram_token",
        "telegram_webhook_secret",
        "slack_bot_token",
        "slack_app_token",
        "slack_signing_secret",
        mode="before",
    )
    @classmethod
    def _set(cls, value: str | None) -> str | None:
        return (value or "").strip() or None

    @field_validator("pager_url")
    @classmethod
    def _reachable(cls, value: SecretStr | None) -> SecretStr | None:
        return SecretStr(checked_url(value.get_secret_value())) if value else None

    @field_validator("pager_secret")
    @classmethod
    def _signs(cls, value: SecretStr | None, known: ValidationInfo) -> SecretStr | None:
        if value is not None:
            signing_key(value.get_secret_value())
        elif known.data.get("pager_url") is not None:
            raise ValueError("must be set as well: calls are signed with it")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _mail_server(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            MailServer.read(value.get_secret_value())
        return value

    @field_validator("mail_from")
    @classmethod
    def _sender(cls, value: str | None, known: ValidationInfo) -> str | None:
        if value is not None:
            read_sender(value)
        elif known.data.get("smtp_url") is not None:
            raise ValueError("must be set as well: letters come from it, such as Care <care@agency.example>")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _addresses(cls, value: str) -> str:
        for each in filter(None, map(str.strip, value.split(","))):
            try:
                ip_network(each, strict=False)
            except ValueError:
                raise ValueError(
                    f"must be addresses or networks, such as 127.0.0.1, 10.0.0.0/8: not {each!r}"
                ) from None
        return value

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, value: str) -> str:
        if value.lower() not in ("debug", "info", "warning", "error"):
            raise ValueError("must be debug, info, warning or error")
        return value.lower()

    @property
    def erasures_file(self) -> Path:
        """The list of who was erased: it must outlive a restored database, so it may lie elsewhere."""
        return (self.erasures or self.data / "erasures.jsonl").expanduser().absolute()

    @property
    def proxies(self) -> list[str]:
        """The proxies whose word on a request's scheme and address counts; nobody's, where none are named."""
        return [each for each in map(str.strip, self.trusted_proxies.split(",")) if each]

    @property
    def telegram_webhook(self) -> bool:
        """Whether Telegram pushes its updates: with a secret, and where it can reach us by https."""
        url = self.public_url or ""
        return self.telegram_webhook_secret is not None and (url.startswith("https://") or is_loopback(url))

    @property
    def mail_server(self) -> MailServer | None:
        """Where letters leave, if they can."""
        return MailServer.read(self.smtp_url.get_secret_value()) if self.smtp_url is not None else None

    @property
    def shared(self) -> bool:
        """Whether processes may work side by side: the database and Chroma are servers, the folder holds no index."""
        return not self.database.startswith("sqlite:") and self.chroma_url is not None

    @property
    def database(self) -> str:
        """The database's URL: the one set, else a SQLite file in the data folder."""
        if self.database_url and self.database_url.get_secret_value():
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.data / SQLITE_FILE}"


def load_settings() -> Settings:
    """Read the settings; raises `SettingsError` naming the first one that cannot be used and why."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise SettingsError(_in_environment(str(first["loc"][0])), first["msg"]) from None


def _in_environment(name: str) -> str:
    """What a setting is called there; one that is missing is named by its field."""
    field = Settings.model_fields.get(name)
    alias = field.validation_alias if field else None
    return str(alias.choices[0]) if isinstance(alias, AliasChoices) else name
