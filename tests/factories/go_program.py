"""A file with the module list that Go's linker writes into a program."""

from __future__ import annotations

from bedplate.artifacts.go import go_packages

MODULES = """path\tk8s.example/tool
mod\tbedplate/wrapper\t(devel)\t
dep\tk8s.example/tool\tv1.2.3\th1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
dep\tgithub.example/old\tv1.0.0
=>\tgithub.example/fork\tv1.0.1\th1:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB=
build\t-trimpath=true
"""


def go_program(modules: str = MODULES, version: str = "go1.25.3") -> bytes:
    """Return a file with Go's module list, after bytes that only resemble one."""
    strings = [version.encode(), b"s" * 16 + modules.encode() + b"e" * 16]
    text = b"".join(_length(len(one)) + one for one in strings)
    header = go_packages.MAGIC + bytes([8, go_packages.INLINE]) + bytes(16)
    return (
        go_packages.ELF
        + bytes(2 << 20)
        + go_packages.MAGIC
        + b"no header"
        + bytes(100_000)
        + header
        + text
        + bytes(100)
    )


def _length(number: int) -> bytes:
    """Return an unsigned number in Go's varint encoding."""
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])
