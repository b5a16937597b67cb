"""Where the nodes are: the port (`base`), and a `.nk` file behind it (`script` opens, `parsed` answers)."""
