"""How the text of a file is read: everywhere alike."""

from __future__ import annotations

import codecs


def decode_text(data: bytes) -> str:
    """UTF-8 without the byte order mark that editors on Windows write, and with `\\n` at the end of
    every line.

    Raises UnicodeDecodeError.
    """
    text = data.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    return text.replace("\r\n", "\n").replace("\r", "\n")
