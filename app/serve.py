"""Starts the app: ``python -m app.serve`` is ``streamlit run app/main.py`` with torch already loading.

Streamlit runs app/main.py only when somebody opens a page; this begins the slow imports with the server,
so that the first page finds them done. Flags are passed on to Streamlit.
"""

from __future__ import annotations

import sys
from pathlib import Path

from app import warmup

MAIN = Path(__file__).resolve().parent / "main.py"


def serve(flags: list[str]) -> None:
    """Run the server until it is interrupted."""
    from streamlit.web import cli

    warmup.start()
    cli.main(["run", str(MAIN), *flags], prog_name="streamlit")


if __name__ == "__main__":
    serve(sys.argv[1:])
