"""The pane in Nuke: registers it, and makes the one Application of the process on first use."""
