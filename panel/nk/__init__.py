"""The `.nk` format: bytes to spans (`document`), spans to nodes and links (`wiring`, `graph`), counts (`info`)."""
