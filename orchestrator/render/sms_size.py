"""In how many parts a text message travels, which is what it costs.

Sources: 3GPP TS 23.038 (the alphabet of 7 bits and its extension) and 23.040 (parts of a long
message).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ "
    "!\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("^{}\\[~]|€\f")  # each takes two places


@dataclass(frozen=True, slots=True)
class SmsSize:
    """`units` are places taken; `foreign` the characters that the small alphabet lacks: one is
    enough to halve the room of every part."""

    units: int
    parts: int
    foreign: str

    @property
    def alphabet(self) -> str:
        """The alphabet the text travels in."""
        return "UCS-2" if self.foreign else "GSM-7"


def measure_sms(text: str) -> SmsSize:
    """How much room a text takes."""
    foreign = "".join(
        dict.fromkeys(sign for sign in text if sign not in _BASIC and sign not in _EXTENSION)
    )
    if foreign:
        sizes = [2 if ord(sign) > 0xFFFF else 1 for sign in text]  # UTF-16
        return SmsSize(sum(sizes), _count_parts(sizes, alone=70, joined=67), foreign)
    sizes = [2 if sign in _EXTENSION else 1 for sign in text]
    return SmsSize(sum(sizes), _count_parts(sizes, alone=160, joined=153), "")


def _count_parts(sizes: Iterable[int], alone: int, joined: int) -> int:
    """Parts needed; no character is cut in two between parts."""
    sizes = list(sizes)
    if sum(sizes) <= alone:
        return 1
    parts, room = 1, joined
    for size in sizes:
        if size > room:
            parts, room = parts + 1, joined
        room -= size
    return parts
