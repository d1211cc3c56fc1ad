//! How wide layers are cut: into stretches of sums, blocks, tiles and parts, and what room these need.

use crate::gemm::widest;
use crate::panels::{BLOCK_VECTORS, Layers, Panel};
use crate::plan::Tile;
use crate::update::STRETCH;
use fearless_simd::Simd;
use std::ops::Range;

/// How many terms are summed before a block is left for the next: a panel of it stays in the fastest cache.
pub(crate) const fn depth<S: Simd>() -> usize {
    if widest::<S>() > 2 { 128 } else { DEEPEST }
}

/// The largest [`depth`].
pub(crate) const DEEPEST: usize = 256;

/// A sum of so many terms, cut into equal stretches: first term and number of terms.
pub(crate) fn stretches(terms: usize, most: usize) -> impl Iterator<Item = (usize, usize)> {
    let size = terms.div_ceil(terms.div_ceil(most).max(1)).max(1);
    (0..terms).step_by(size).map(move |start| (start, size.min(terms - start)))
}

/// Numbers that a member needs to pack in, for so many rows: some rows of w, or a and dw of a part.
pub(crate) fn pack(layers: &Layers, rows: usize) -> usize {
    ((DEEPEST + 1) * BLOCK_VECTORS * layers.lanes).max(rows * STRETCH + tile(layers))
}

/// Numbers of a tile of a gradient.
pub(crate) fn tile(layers: &Layers) -> usize {
    STRETCH * BLOCK_VECTORS * layers.lanes
}

/// Numbers that dz of a layer takes in the order in which dw reads it, for so many rows.
pub(crate) fn dz(layers: &Layers, rows: usize) -> usize {
    rows * layers.widest()
}

/// All tiles, layer by layer, and parts of them: tiles of the same rows, since these are copied once for a part, and so
/// many parts that the members find enough to do.
pub(crate) fn tiles(layers: &Layers, members: usize) -> (Vec<Tile>, Vec<Range<usize>>) {
    let (mut tiles, mut parts) = (Vec::new(), Vec::new());
    for (i, layer) in layers.all.iter().enumerate() {
        let blocks = layer.w.panels.len().div_ceil(layers.block);
        let most = if members > 1 {
            (layer.stretches().count() * blocks).div_ceil(ENOUGH * members).min(blocks)
        } else {
            blocks
        };
        for rows in layer.stretches() {
            for block in 0..blocks {
                if block % most == 0 {
                    parts.push(tiles.len()..tiles.len());
                }
                tiles.push(Tile { l: i + 1, panel: block * layers.block, rows: rows.clone() });
                if let Some(part) = parts.last_mut() {
                    part.end = tiles.len();
                }
            }
        }
    }
    (tiles, parts)
}

/// So many parts for each member make up for some being longer than others.
pub(crate) const ENOUGH: usize = 4;

/// The width of neighbouring panels.
pub(crate) fn width(panels: &[Panel]) -> usize {
    panels.iter().map(|panel| panel.width).sum()
}
