"""Run the command line as `python -m d2l_rw`."""

import sys

from d2l_rw.cli import main

if __name__ == '__main__':
    sys.exit(main())
