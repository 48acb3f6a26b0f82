"""`python -m wesktop`: the same as `wesktop`, with a chosen Python."""

from wesktop.cli import main

if __name__ == "__main__":
    main()
