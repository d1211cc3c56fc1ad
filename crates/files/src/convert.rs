//! Files of other programs: told by their first bytes, and the line that makes a table of them.

/// What a file is and what to do, with `FILE` for its name; `None` if it is nothing that is known.
pub(crate) fn other(head: &[u8]) -> Option<(&'static str, &'static str)> {
    // A table may have a column FEA1 or ORCHARD: what is text has no bytes that no text has.
    let binary = head.iter().any(|&byte| byte < b' ' && !b"\t\n\r".contains(&byte));
    let found = match head {
        [0xd0, 0xcf, 0x11, 0xe0, ..] => (
            "this is an Excel workbook (.xls)",
            "convert it: python -c \"import pandas; pandas.read_excel('FILE').to_csv('FILE.csv', index=False)\"",
        ),
        [b'A', b'R', b'R', b'O', b'W', b'1', ..] | [b'F', b'E', b'A', b'1', ..] if binary => (
            "this is a Feather (Arrow) file",
            "convert it: python -c \"import pandas; pandas.read_feather('FILE').to_parquet('FILE.parquet')\"",
        ),
        [0x80, 2..=5, ..] => (
            "this is a pickle, which may run anything that it likes when it is opened",
            "if it is yours and holds a table: python -c \"import pandas; pandas.read_pickle('FILE').to_csv('FILE.csv', index=False)\"",
        ),
        [b'S', b'Q', b'L', b'i', b't', b'e', ..] if binary => (
            "this is an SQLite database",
            "write one table of it: sqlite3 -header -csv 'FILE' 'select * from TABLE' > table.csv",
        ),
        [0x89, b'H', b'D', b'F', ..] => (
            "this is an HDF5 file",
            "convert it: python -c \"import pandas; pandas.read_hdf('FILE').to_csv('FILE.csv', index=False)\"",
        ),
        [b'R', b'D', b'X' | b'A', b'2' | b'3', b'\n', ..] | [b'X' | b'A', b'\n', 0, 0, ..] => (
            "this is a file of R's data",
            "in R: write.csv(readRDS('FILE'), 'table.csv', row.names = FALSE), after load() for an .RData file",
        ),
        [b'$', b'F', b'L', b'2' | b'3', ..] => (
            "this is an SPSS file",
            "convert it: python -c \"import pandas; pandas.read_spss('FILE').to_csv('FILE.csv', index=False)\"",
        ),
        [b'<', b's', b't', b'a', b't', b'a', ..] | [0x66..=0x73, 1 | 2, 1, 0, ..] => (
            "this is a Stata file",
            "convert it: python -c \"import pandas; pandas.read_stata('FILE').to_csv('FILE.csv', index=False)\"",
        ),
        [b'O', b'b', b'j', 1, ..] => (
            "this is an Avro file",
            "convert it: python -c \"import polars; polars.read_avro('FILE').write_parquet('FILE.parquet')\"",
        ),
        [b'O', b'R', b'C', ..] if binary => (
            "this is an ORC file",
            "convert it: python -c \"import pandas; pandas.read_orc('FILE').to_parquet('FILE.parquet')\"",
        ),
        _ if head.starts_with(b"MATLAB 5.0 MAT-file") => (
            "this is a MATLAB file",
            "keep its matrices X and y: python -c \"from scipy.io import loadmat; import numpy; m = loadmat('FILE'); numpy.savez('FILE.npz', X=m['X'], y=m['y'])\"",
        ),
        _ if head.starts_with(b"HEADER RECORD*******") || head.get(12..16) == Some(b"\xc2\xea\x81\x60") => (
            "this is a SAS file",
            "convert it: python -c \"import pandas; pandas.read_sas('FILE').to_csv('FILE.csv', index=False)\"",
        ),
        _ => return None,
    };
    Some(found)
}

/// What a file is that is text and no table, and what to do.
pub(crate) fn no_table(sample: &[u8]) -> Option<(&'static str, &'static str)> {
    let start = sample.trim_ascii_start();
    let begins =
        |with: &str| start.get(..with.len()).is_some_and(|s| s.eq_ignore_ascii_case(with.as_bytes()));
    if ["<!doctype", "<html", "<table", "<?xml"].into_iter().any(begins) {
        return Some((
            "this is a web page or XML, not a table",
            "a table in it: python -c \"import pandas; pandas.read_html('FILE')[0].to_csv('FILE.csv', index=False)\"",
        ));
    }
    if !sample.contains(&b'\n') && sample.contains(&b'\r') {
        return Some((
            "its lines end in carriage returns alone",
            "end its lines with a line feed: tr '\\r' '\\n' < old.csv > new.csv",
        ));
    }
    if begins("%PDF") {
        return Some(("this is a PDF document, not a table", "save the table as CSV"));
    }
    let is_arff = start.split(|&byte| byte == b'\n').take(200).any(|line| {
        line.get(..9).is_some_and(|word| word.eq_ignore_ascii_case(b"@relation"))
            || line.get(..10).is_some_and(|word| word.eq_ignore_ascii_case(b"@attribute"))
    });
    if is_arff {
        return Some((
            "this is an ARFF file",
            "convert it: python -c \"from scipy.io import arff; import pandas; pandas.DataFrame(arff.loadarff('FILE')[0]).to_csv('FILE.csv', index=False)\"",
        ));
    }
    if is_libsvm(start) {
        return Some((
            "these are rows of libsvm (label index:value ..)",
            "convert it: python -c \"from sklearn.datasets import load_svmlight_file as f; import numpy; X, y = f('FILE'); numpy.savez('FILE.npz', X=X.toarray(), y=y)\"",
        ));
    }
    None
}

fn is_libsvm(text: &[u8]) -> bool {
    let lines = text.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).take(20);
    let pair = |field: &[u8]| {
        let mut parts = field.split(|&byte| byte == b':');
        let digits =
            |part: Option<&[u8]>| part.is_some_and(|p| !p.is_empty() && p.iter().all(u8::is_ascii_digit));
        digits(parts.next()) && parts.next().is_some_and(|value| !value.is_empty()) && parts.next().is_none()
    };
    let like = |line: &[u8]| {
        let fields: Vec<&[u8]> = line.trim_ascii().split(|&byte| byte == b' ').collect();
        fields.len() >= 2 && fields[1..].iter().all(|field| pair(field))
    };
    let lines: Vec<bool> = lines.map(like).collect();
    lines.len() >= 2 && lines.iter().all(|&like| like)
}
