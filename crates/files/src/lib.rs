//! Bytes to values and back: CSV, npz, safetensors, and files that are written whole or not at all.
//!
//! Readers trust nothing in a file: sizes and shapes are checked before memory is taken.  Only
//! [`disk`] touches paths; the others map bytes to values.

pub mod csv;
pub mod disk;
pub mod npz;
pub mod safetensors;
