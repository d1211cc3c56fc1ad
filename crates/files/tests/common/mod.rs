//! What several tests compare.

use clearprop::table::{Column, Table};

/// Every value by its bits, column by column.
pub(crate) fn values(table: &Table) -> Vec<(String, Vec<String>)> {
    let column = |(name, column): &(String, Column)| {
        let value = |row: usize| match column {
            Column::Numbers(numbers) => format!("{:016x}", numbers.get(row).to_bits()),
            Column::Dates(dates) => format!("date {:016x}", dates.get(row).to_bits()),
            Column::Words(words) => format!("{:?}", words.get(row)),
        };
        (name.clone(), (0..table.len()).map(value).collect())
    };
    table.columns().iter().map(column).collect()
}
