//! Bytes to values and back: CSV, Parquet, npz, safetensors, and files that are written whole or not at
//! all.
//!
//! Readers trust nothing in a file: sizes and shapes are checked before memory is taken.  Only
//! [`disk`] and [`claim`] touch paths; [`table::open`] finds out what a file is; the others map bytes to values.

pub mod arrays;
pub mod budget;
pub mod checkpoint;
pub mod claim;
mod convert;
pub mod csv;
pub mod disk;
pub mod foreign;
mod json;
pub mod model;
pub mod npz;
pub mod onnx;
#[cfg(feature = "parquet")]
pub mod parquet;
pub mod predictions;
pub mod safetensors;
pub mod table;
pub mod trials;
mod unpack;
