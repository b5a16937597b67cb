"""The settings dialog: its pages, the key field, the connection test. `values` are what goes in and comes out."""
