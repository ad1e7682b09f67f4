"""``python -m logwatch_mx``: the same as the command ``logwatch-mx``."""

from logwatch_mx.cli.main import main

if __name__ == "__main__":
    main()
