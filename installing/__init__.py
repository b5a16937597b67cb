"""Puts the panel into a Nuke folder and takes it out again to the byte: what `install_nuke.py` does.

    actions         install, uninstall
    status          what is in a folder, and what is wrong with it
    nuke_folder     menu.py and our folder beside it, in steps that may be stopped anywhere
    note            what was not there before us, and which release is kept
    menu_block      our lines in menu.py: bytes in, bytes out
    release         a folder of packages, held against their RECORDs
    fetching        where packages come from: a folder of wheels, or this checkout and the registry
    wheels          chosen, checked, unpacked
    records         the list of files in each wheel
    requirements    what a package needs
    target          Nuke's Python on a system, and the wheels that it loads
    disk, lock      a file replaced, a folder discarded; one installer at a time
    trouble         what goes wrong, as sentences

It runs before anything is installed: with the standard library alone, in Python 3.9 or newer. It imports nothing of
the panel, and the panel nothing of it.
"""
