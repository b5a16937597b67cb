"""The `.nk` format: bytes to spans (`document`), spans to nodes and links (`graph`), and their counts (`info`)."""
