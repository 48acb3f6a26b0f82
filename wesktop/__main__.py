"""`python -m wesktop`: the same as `wesktop`, by whichever Python it is to be."""

from wesktop.cli import main

if __name__ == "__main__":
    main()
