//! The three pictures of a training run: the data, the decision boundary over it, the loss curve.
//!
//! A picture is a list of shapes, written as SVG or painted into a PNG, with fonts that are part of the
//! program.  Nothing here reads or writes a file, and the same input gives the same bytes everywhere.
//!
//! ```text
//! data_picture, boundary_picture    loss_picture      scatter, loss
//! plane (points, grid)  regions  palette              what is drawn
//! frame  scale  drawing  text  svg  raster  picture   how it is drawn
//! ```

mod drawing;
mod frame;
mod loss;
mod palette;
mod picture;
mod plane;
mod raster;
mod regions;
mod scale;
mod scatter;
mod svg;
mod text;

pub use loss::{Panel, Series, loss_picture};
pub use picture::Picture;
pub use plane::{Grid, Points, Target};
pub use scatter::{boundary_picture, data_picture};
