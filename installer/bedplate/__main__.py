"""Entry point of ``python -m bedplate``."""

from bedplate.cli import main

if __name__ == "__main__":
    main()
