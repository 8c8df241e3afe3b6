"""Which column of a file is what: the mapping, as YAML beside the file or shipped by name."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from orchestrator.documents.yaml_nodes import read_yaml
from orchestrator.domain.errors import ParcoursError
from orchestrator.domain.schedule import find_zone
from orchestrator.domain.suggestion import did_you_mean
from orchestrator.domain.text_files import decode_text

SHIPPED = Path(__file__).parent / "mappings"


class TableKind(StrEnum):
    """What a table holds."""

    CUSTOMERS = "customers"
    CONSENT = "consent"
    SUPPRESSIONS = "suppressions"
    ORDERS = "orders"


class _MappingForm(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _as_list(value: object) -> object:
    return value if isinstance(value, list) or value is None else [value]


Texts = Annotated[tuple[str, ...], BeforeValidator(_as_list)]


class Who(_MappingForm):
    """The columns that say who it is. Without a `user_id` a customer is found by the address, else
    the address is the id."""

    user_id: str | None = None
    email: str | None = None


class ConsentColumn(_MappingForm):
    """One choice. A cell among `yes` is a yes, one among `no` a no, any other says nothing; cases
    do not count."""

    column: str
    channel: str | None = None
    topic: str | None = None
    yes: Texts = ("true", "yes", "1", "subscribed")
    no: Texts = ("false", "no", "0", "unsubscribed")
    at: str | None = None
    source: str | None = None


class OrderColumns(_MappingForm):
    """An order. `status` with `counts` leaves out what was not paid; a `refunded` amount is a
    refund at `refunded_at`, else at the order's own time."""

    id: str
    at: str
    total: str
    currency: str | None = None
    coupon: str | None = None
    status: str | None = None
    counts: Texts = ()
    refunded: str | None = None
    refunded_at: str | None = None


class ProductColumns(_MappingForm):
    """A product: a row of its own each (`name`, `price`, …), or all of them in one cell
    (`column`), as `name:Lamp|quantity:2;name:…`: between products `each`, between their values
    `between`."""

    name: str | None = None
    product_id: str | None = None
    price: str | None = None
    quantity: str | None = None
    column: str | None = None
    each: str = ";"
    between: str = "|"


class SuppressionColumns(_MappingForm):
    """An address that nobody writes to any more."""

    address: str
    channel: str = "email"
    reason: str | None = None


class Mapping(_MappingForm):
    """A whole mapping. `zone` is that of times which name none; `dates` are forms beside ISO 8601,
    as Python's `strptime` writes them."""

    kind: TableKind
    zone: str | None = None
    dates: Texts = ()
    who: Who = Who()
    traits: dict[str, str] = Field(default_factory=dict)
    at: str | None = None
    consent: tuple[ConsentColumn, ...] = ()
    order: OrderColumns | None = None
    product: ProductColumns | None = None
    suppression: SuppressionColumns | None = None

    def columns(self) -> list[str]:
        """Every column that it names, those that a file may lack with a `?` at the end."""
        return sorted(set(_columns_in(self.model_dump(exclude={"kind", "zone", "dates"}))))

    def zone_or(self, otherwise: ZoneInfo) -> ZoneInfo:
        """The zone of times that name none."""
        return otherwise if self.zone is None else find_zone(self.zone) or otherwise


_NO_COLUMNS = {"channel", "topic", "yes", "no", "counts", "each", "between"}


def _columns_in(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [
            one
            for key, part in value.items()
            if key not in _NO_COLUMNS
            for one in _columns_in(part)
        ]
    return [one for part in value or () for one in _columns_in(part)]


def shipped_mappings() -> list[str]:
    """The names of the mappings that come with Parcours."""
    return sorted(path.stem for path in SHIPPED.glob("*.yaml"))


def find_mapping(named: str) -> tuple[str, str]:
    """The file name and text of a mapping: a file, or one that is shipped; raises ParcoursError."""
    path = Path(named)
    if path.suffix not in (".yaml", ".yml"):
        path = SHIPPED / f"{named}.yaml"
        if named not in shipped_mappings():
            hint = did_you_mean(named, shipped_mappings()) or f" ({', '.join(shipped_mappings())})"
            raise ParcoursError(f"there is no mapping '{named}'{hint}, and a file ends in .yaml")
    try:
        return path.name, decode_text(path.read_bytes())
    except (OSError, UnicodeDecodeError) as error:
        raise ParcoursError(f"the mapping {path} cannot be read: {error}") from None


def read_mapping(file: str, text: str) -> Mapping:
    """A mapping; raises ParcoursError with every fault, each with its place."""
    document, problems = read_yaml(text, file)
    if problems:
        raise ParcoursError("\n".join(str(problem) for problem in problems))
    try:
        mapping = Mapping.model_validate(document.data)
    except ValidationError as invalid:
        raise ParcoursError("\n".join(_told(file, error) for error in invalid.errors())) from None
    needed = {
        TableKind.ORDERS: ("order", mapping.order),
        TableKind.SUPPRESSIONS: ("suppression", mapping.suppression),
        TableKind.CONSENT: ("consent", mapping.consent),
    }
    key, given = needed.get(mapping.kind, ("who", mapping.who))
    if not given:
        raise ParcoursError(f"{file}: a mapping of {mapping.kind} needs `{key}`")
    if mapping.kind is not TableKind.SUPPRESSIONS and mapping.who == Who():
        raise ParcoursError(f"{file}: `who` names the column of the `user_id`, or of the `email`")
    if mapping.zone is not None and find_zone(mapping.zone) is None:
        raise ParcoursError(f"{file}: there is no time zone '{mapping.zone}'")
    return mapping


def _told(file: str, error: Any) -> str:
    place = ".".join(map(str, error["loc"])) or "the file"
    return f"{file}: {place}: {error['msg']}"
