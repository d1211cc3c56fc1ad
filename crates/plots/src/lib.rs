//! The pictures of a training run (the data, the decision boundary over it, the loss curve) and its report.
//!
//! A picture is a list of shapes, written as SVG or painted into a PNG, with fonts that are part of the
//! program; a report is a page that loads nothing.  Nothing here reads or writes a file, and the same input gives the same bytes everywhere.
//!
//! ```text
//! data_picture, boundary_picture    loss_picture      scatter, loss
//! report_page                                         report, in the frame of page, with charts
//! plane (points, grid)  regions  palette              what is drawn
//! frame  scale  drawing  text  svg  raster  picture   how it is drawn
//! ```

mod chart;
mod drawing;
mod frame;
mod loss;
pub mod page;
mod palette;
mod picture;
mod plane;
mod raster;
mod regions;
mod report;
mod scale;
mod scatter;
mod svg;
mod text;

pub use loss::{Panel, Series, loss_picture};
pub use picture::Picture;
pub use plane::{Grid, Points, Target};
pub use report::{Head, report_page};
pub use scatter::{boundary_picture, data_picture};
