"""Bytes of a file become text: encodings, compression."""

from __future__ import annotations

import pytest

from optilab.errors import InputError
from written import PLAIN, Load


def test_bytes_of_another_encoding_are_told_with_their_line(load: Load) -> None:
    """A letter in Latin-1 names its line and the key that helps; with it the word is read."""
    content = "a,y\n1,u\n2,caf\u00e9\n".encode("latin-1")
    with pytest.raises(InputError, match=r"line 3: not text in utf-8.*encoding = \"latin-1\""):
        load(content)
    assert load(content, encoding="latin-1").classes == ("caf\u00e9", "u")


@pytest.mark.parametrize("name", ["t.csv.gz", "t.csv.bz2", "t.csv.xz"])
@pytest.mark.parametrize("content", [b"", b"nothing of the kind", b"\x1f\x8b\x08\x00 cut", b"BZh9", b"\xfd7zXZ\x00"])
def test_damaged_compression_is_one_message(load: Load, name: str, content: bytes) -> None:
    """A file that is not what its name says is an InputError that says so."""
    with pytest.raises(InputError, match=r"is not a readable \.(gz|bz2|xz) file|is empty"):
        load(content, name)


@pytest.mark.parametrize("encoding", ["utf-8", "utf8", "utf_8_sig", "U8", "utf-16", "utf-16-le"])
def test_a_mark_of_the_byte_order_is_no_part_of_a_name(load: Load, encoding: str) -> None:
    """However the encoding is called."""
    mark = "" if encoding in ("utf-16", "utf_8_sig") else "\ufeff"
    assert load((mark + PLAIN).encode(encoding), encoding=encoding).inputs == ("a", "b")
