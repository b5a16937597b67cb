"""The running Nuke as a host: what the artist sees now, unsaved changes included. The only importers of `nuke`.

What is where:

    host     `NukeHost`: the port
    reading  the script during one call
    levels   groups: what is directly inside, in which order, under which names
    knobs    one knob as a script has it

All of Nuke's calls made here are plain reads: nothing validates the tree, evaluates a text, runs a callback or changes
anything. Nuke's node objects die with their nodes, so none outlives a reading: between readings nodes are known by
name.
"""

from .host import NukeHost

__all__ = ["NukeHost"]
