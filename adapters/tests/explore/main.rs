//! Exploration: what it tries, what it finds, and how it says so.
