"""Other programs: what is logged of their output."""

from __future__ import annotations

import logging
import sys

import pytest

from bedplate.core import command
from bedplate.core.errors import BedplateError

PROGRAM = "import sys; print('s3cret'); print('reason', file=sys.stderr); sys.exit(int(sys.argv[1]))"
PRINT = [sys.executable, "-c", PROGRAM]


@pytest.mark.parametrize("code", ["0", "1"])
def test_secret_output_is_in_no_log_and_no_error(caplog: pytest.LogCaptureFixture, code: str) -> None:
    """People send the output of `--debug`: of secret output it has the size, and errors have standard error only."""
    caplog.set_level(logging.DEBUG)
    error = ""
    try:
        assert command.run([*PRINT, code], has_secrets=True).stdout == b"s3cret\n"
    except BedplateError as failed:
        error = str(failed)
        assert "reason" in error
    assert "printed 7 bytes" in caplog.text
    assert "s3cret" not in caplog.text.replace(PRINT[2], "") + error.replace(PRINT[2], "")


def test_other_output_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Without it, `--debug` would say nothing."""
    caplog.set_level(logging.DEBUG)
    command.run([*PRINT, "0"])
    assert "s3cret" in caplog.messages
