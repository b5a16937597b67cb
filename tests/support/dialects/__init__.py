"""One module for each wire format; `ALL` has them by name."""
