"""Files of calls, one JSON object a line, plain or gzip: read line by line, of whatever size."""

from __future__ import annotations

import gzip
import zlib
from codecs import BOM_UTF8
from collections.abc import Iterator
from io import BufferedReader
from typing import BinaryIO, cast

from orchestrator.domain.errors import ParcoursError

GZIP = b"\x1f\x8b"

#: What reading a packed file raises that ends too early or was altered.
GZIP_DAMAGE = (EOFError, gzip.BadGzipFile, zlib.error)


class FileDamaged(ParcoursError):
    """A packed file that ends too early or was altered."""


def read_lines(file: BufferedReader, bytes_max: int = -1) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank, numbered from 1; of one longer than `bytes_max` only its
    beginning. Whether a file is packed is told by its first bytes, not by its name.

    Raises one of GZIP_DAMAGE.
    """
    packed = file.peek(2)[:2] == GZIP
    lines = cast(BinaryIO, gzip.GzipFile(fileobj=file)) if packed else file
    number = 0
    while line := lines.readline(bytes_max):
        number += 1
        # Some spreadsheets and shells begin a file with a mark of its byte order.
        line = line.removeprefix(BOM_UTF8) if number == 1 else line
        rest = line
        while not rest.endswith(b"\n") and (rest := lines.readline(bytes_max)):
            pass  # read over, so that memory stays small whatever the file is
        if line.strip():
            yield number, line.strip()
