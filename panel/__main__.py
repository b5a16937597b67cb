"""`python -m nuke_ai_panel.panel`: the same as the command `nuke-ai-panel`."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
