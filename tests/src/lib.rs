//! What crosses crates is in `tests/`.
