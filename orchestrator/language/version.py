"""Versions: a hash of what was written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import blake2b


def version_of(data: Mapping[str, object]) -> str:
    """Twelve hexadecimal digits; the order of keys, comments, whitespace and `tests:` do not
    matter.
    """
    kept = {key: value for key, value in data.items() if key != "tests"}
    text = json.dumps(kept, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return blake2b(text.encode(errors="surrogatepass"), digest_size=6).hexdigest()
