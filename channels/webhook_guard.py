"""Which addresses a webhook may reach: those of the internet, and hosts that the project names.

What a journey calls may come from a customer's own data, and a name may lead anywhere. So the
addresses that a name stands for are looked at, and the connection goes to one of those: a second
look-up could give others.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Collection, Sequence

from channels.connection import Address, look_up

LookUp = Callable[[str, int], Sequence[Address]]

_Ip = ipaddress.IPv4Address | ipaddress.IPv6Address
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")  # to IPv4, by the network (RFC 6052)


class AddressRefused(Exception):
    """A host that may not be called; the text says what to do."""


def find_addresses(
    host: str, port: int, allowed: Collection[str], names: LookUp = look_up
) -> list[Address]:
    """The addresses of a host that may be called; raises AddressRefused, OSError."""
    found = list(names(host, port))
    if host.lower() in allowed:
        return found
    public = [one for one in found if is_public(str(one[4][0]))]
    if found and not public:
        raise AddressRefused(
            "this host is not on the internet but in a network of one's own: name it in "
            "parcours.toml, `[webhooks] allow`"
        )
    return public


def is_public(address: str) -> bool:
    """Whether an address is one of the internet: not private, of this machine, of this link, or
    kept for something else; also not by way of IPv6."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    return all(one.is_global and not one.is_multicast for one in (ip, *_embedded(ip)))


def _embedded(ip: _Ip) -> list[_Ip]:
    """The IPv4 addresses that one of IPv6 leads to."""
    if isinstance(ip, ipaddress.IPv4Address):
        return []
    teredo = ip.teredo or ()
    inside = [ip.ipv4_mapped, ip.sixtofour, *teredo]
    if ip in _TRANSLATED:
        inside.append(ipaddress.IPv4Address(ip.packed[-4:]))
    return [one for one in inside if one is not None]
