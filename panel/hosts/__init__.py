"""Where the nodes are: the port (`base`), a `.nk` file behind it (`script` opens, `parsed` answers), and the running
Nuke (`nuke`). What a block of knobs states is read in one place for both (`stated`).
"""
