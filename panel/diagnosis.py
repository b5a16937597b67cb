"""What can be said of a running panel when something is wrong: collected as values, for a page and for a ticket. No Qt."""
