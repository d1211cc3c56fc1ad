//! How a step is cut into parts: which rows and which weights belong together.
//!
//! Everything here follows from the sizes of the network and of the batch, not from the number of threads.

use crate::mlp::Mlp;
use crate::panels::Layers;
use crate::workspace::{BLOCK, Workspace};
use std::ops::Range;

/// The most groups of rows with a gradient of their own.
pub(crate) const GROUPS: usize = 8;
/// What the values of one job's rows, or the groups' gradients, may take, in bytes.
const SCRATCH: usize = 8 << 20;

/// A layer with more bytes of weights than this is read from beyond a core's own cache.
const WIDE: usize = 1 << 20;
/// What the values of its rows may take, in bytes.
const WIDE_SCRATCH: usize = 24 << 20;

/// A stretch of one layer's weights: rows `rows` of panel `panel` (of the [`Plan::Wide`] plan, of the block of
/// panels that begins there), the bias being the last row.
#[derive(Clone, Debug)]
pub(crate) struct Tile {
    pub(crate) l: usize,
    pub(crate) panel: usize,
    pub(crate) rows: Range<usize>,
}

/// Where `dw` is summed: see [`blocks`](super::blocks).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    /// In the rows job, by groups of so many rows.
    Rows { group: usize, groups: usize },
    /// In the weights job, after so many rows.
    Weights { chunk: usize },
    /// Layer by layer, so many rows at a time: see [`wide`](super::wide).
    Wide { chunk: usize },
}

impl Plan {
    /// For batches of n rows, in numbers of so many bytes.
    pub(crate) fn choose(mlp: &Mlp, layers: &Layers, n: usize, bytes: usize) -> Self {
        let row = Workspace::row(mlp, layers, bytes) * bytes;
        let weights = layers.w_len * bytes;
        let largest = layers.all.iter().map(|layer| layer.fan_in * layer.fan_out * bytes).max();
        if largest > Some(WIDE) {
            // And dz of one layer in another order.
            let row = row + layers.widest() * bytes;
            let most = WIDE_SCRATCH / row;
            // Of more rows the gradient is kept too, so their values take less.
            let chunk = if n <= most { n } else { n.min((most / 3 * 2).max(BLOCK)) };
            return Self::Wide { chunk: chunk.next_multiple_of(layers.lanes) };
        }
        let groups = n.div_ceil(BLOCK).clamp(1, GROUPS).min(SCRATCH / weights);
        // Both ways the other threads read what one has written: the values of all rows, or the
        // gradients of all groups.
        if groups > 1 && groups * weights < n * row {
            let group = n.div_ceil(groups).next_multiple_of(layers.lanes);
            return Self::Rows { group, groups: n.div_ceil(group) };
        }
        Self::Weights { chunk: n.min((SCRATCH / row).max(BLOCK)).next_multiple_of(layers.lanes) }
    }
}

/// All tiles, layer by layer and panel by panel.
pub(crate) fn tiles(layers: &Layers) -> Vec<Tile> {
    let mut tiles = Vec::new();
    for (i, layer) in layers.all.iter().enumerate() {
        for panel in 0..layer.w.panels.len() {
            tiles.extend(layer.stretches().map(|rows| Tile { l: i + 1, panel, rows }));
        }
    }
    tiles
}

/// Units put together until a part is worth handing out.
pub(crate) fn parts(tiles: &[Tile], layers: &Layers, plan: Plan) -> Vec<Range<usize>> {
    // An update alone takes a fraction of a nanosecond a weight, a gradient some hundred times as long.
    let enough = if matches!(plan, Plan::Rows { .. }) { 4096 } else { 512 };
    let (mut parts, mut first, mut weights) = (Vec::new(), 0, 0);
    for (i, tile) in tiles.iter().enumerate() {
        weights += tile.rows.len() * layers.all[tile.l - 1].w.panels[tile.panel].width;
        if weights >= enough || i + 1 == tiles.len() {
            parts.push(first..i + 1);
            (first, weights) = (i + 1, 0);
        }
    }
    parts
}
