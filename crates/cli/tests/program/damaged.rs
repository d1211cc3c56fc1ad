//! Files that are not what they seem, files that hostile people made, and disks that refuse: one line,
//! exit code 2, nothing written.

use crate::bad_input::{check_bytes, refused};
use crate::survival::times;
use crate::{Place, flowers, unsealed};
use std::io::{Cursor, Write};
use std::process::Stdio;

#[test]
fn texts_that_are_no_tables() {
    let train = |text: &[u8], message: &str| {
        check_bytes(&[("t.csv", text)], "train t.csv --target y", &format!("t.csv{message}"));
    };
    train(
        b"a,y\n1,K\xf6ln\n2,Bonn\n",
        ", row 2: byte 8 (0xF6) is not UTF-8; save it as UTF-8, or name what it is: \
         --encoding windows-1252 if an older Windows program wrote it",
    );
    train(
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        ", row 1: byte 1 (0x89) is not UTF-8; this is not text; save the table as CSV",
    );
    train(b"\xff\xfea\0,\0y\0\n\0", ": there is a header and no row");
    train(
        b"<!DOCTYPE html>\n<html><body>Please log in</body></html>\n",
        ": this is a web page or XML, not a table; a table in it: python -c \"import pandas; \
         pandas.read_html('t.csv')[0].to_csv('t.csv.csv', index=False)\"",
    );
    train(
        b"{\"type\": \"Topology\", \"arcs\": [[1, 2]]}\n",
        ": this is JSON, and not a table; a table is an object a line, an array of objects, or an object of \
         columns of one length",
    );
    train(b"%PDF-1.7\n%abc\n", ": this is a PDF document, not a table; save the table as CSV");
    train(
        b"a,y\r1,u\r2,v\r",
        ": its lines end in carriage returns alone; end its lines with a line feed: \
         tr '\\r' '\\n' < old.csv > new.csv",
    );
    train(b"Sales of March\n\na,y\n", ": there is a header and no row");
    train(b"a;y\n1,u\n2,v\n", ": there is no column 'y'; the columns are 'a;y'");
}

/// A zip archive with one array under this head.
fn npz(head: &str, values: &[u8]) -> Vec<u8> {
    let mut array = b"\x93NUMPY\x01\x00".to_vec();
    array.extend(u16::try_from(head.len()).unwrap().to_le_bytes());
    array.extend(head.as_bytes());
    array.extend(values);
    zipped("X.npy", &array)
}

fn zipped(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file(name, zip::write::SimpleFileOptions::DEFAULT).unwrap();
    archive.write_all(bytes).unwrap();
    archive.finish().unwrap().into_inner()
}

#[test]
fn hostile_npz_files() {
    let train = |bytes: &[u8], message: &str| {
        check_bytes(&[("h.npz", bytes)], "train h.npz", &format!("h.npz{message}"));
    };
    let head = |descr: &str, shape: &str| {
        format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n")
    };
    let shape = |shape: &str| npz(&head("<f8", shape), &[0; 16]);
    train(
        b"not a zip file",
        ": not a whole npz file: it is no zip archive, or cut off; save it again with np.savez",
    );
    train(
        &shape("(1000000000000,)"),
        ", array 'X': shape [1000000000000] of <f8 needs 8000000000000 bytes, the file has 16; \
         save it again with np.savez",
    );
    train(
        &shape("(-2,)"),
        ", array 'X': not a NumPy array: an axis of length -2; save it again with np.savez",
    );
    train(
        &npz(&head("|O", "(2,)"), &[0; 16]),
        ", array 'X': an object array cannot be read; save it plain: X.astype(float), or X.astype(str) if it holds words",
    );
    let good = shape("(2, 1)");
    train(&good[..good.len() - 5], ": not a whole npz file: it is cut off; save it again with np.savez");
    train(
        &[&good[..], b"more"].concat(),
        ": not a whole npz file: there are bytes after its end; save it again with np.savez",
    );
    check_bytes(
        &[("a.npy", b"\x93NUMPY\x01\x00v\x00{")],
        "train a.npy --target y",
        "a.npy, array 'a': not a NumPy array: it is cut off; save it again with np.savez",
    );
    let bytes = 72 << 20;
    let bomb = npz(&head("|u1", &format!("({bytes},)")), &vec![0; bytes]);
    let most = (24 << 20) + 32 * bomb.len();
    train(
        &bomb,
        &format!(
            ", array 'X': holds more than the {} MB that a file of {} bytes may take; \
             np.savez (not compressed) lifts the limit",
            most / 1_000_000,
            bomb.len()
        ),
    );
    // Axes of length 0 beside huge ones promise columns that nothing stands behind.
    for wide in ["(0, 10000000)", "(0, 1000000000)", "(10000000, 0)", "(0, 5000000, 3)"] {
        let axes = wide.replace(['(', ')'], "");
        let found = format!(", array 'X': shape [{axes}] is too large for an array without values");
        train(&npz(&head("<f8", wide), &[]), &found);
    }
    train(
        &npz(&head("<f8", "(0, 3)"), &[]),
        ", array 'X': found shape (0, 3), a matrix with values in it is needed",
    );
    check_bytes(
        &[("book.xlsx", &zipped("xl/workbook.xml", b"<x/>"))],
        "train book.xlsx --target y",
        "book.xlsx: this is an Excel workbook; save the sheet as CSV",
    );
    check_bytes(
        &[("data.zip", &zipped("data.csv", b"a,y\n"))],
        "train data.zip --target y",
        "data.zip: there is a header and no row",
    );
}

#[test]
fn hostile_parquet_files() {
    let whole = include_bytes!("../../../files/tests/data/arrow-snappy.parquet");
    let train = |bytes: &[u8], message: &str| {
        check_bytes(
            &[("p.parquet", bytes)],
            "train p.parquet --target small",
            &format!("p.parquet: not a whole Parquet file: {message}; write it again"),
        );
    };
    train(b"a,y\n1,u\n2,v\n", "it is cut off, or something follows its end");
    train(&whole[..whole.len() - 100], "it is cut off, or something follows its end");
    train(&[&whole[..], b"more"].concat(), "it is cut off, or something follows its end");
    let mut long = whole.to_vec();
    let length = long.len() - 8..long.len() - 4;
    long[length].fill(0x7F);
    train(&long, &format!("its description claims {} bytes, the file has {}", 0x7F7F_7F7F, whole.len()));
}

#[test]
fn hostile_models() {
    let place = Place::new();
    place.ok("train --steps 1 --out run --quiet");
    let whole = unsealed(&place.bytes("run/model.safetensors"));
    let with = |old: &str, new: &str| {
        let at = memchr::memmem::find(&whole, old.as_bytes()).unwrap();
        [&whole[..at], new.as_bytes(), &whole[at + old.len()..]].concat()
    };
    let check = |bytes: &[u8], message: &str| {
        place.write("m", bytes);
        refused(&place, "info m", 2, &format!("m{message}; write it again"));
    };
    check(b"hello", ": not a whole safetensors file: it is cut off");
    check(&[0xFF; 16], ": not a whole safetensors file: its head claims 18446744073709551615 bytes");
    check(
        &with("\"F32\"", "\"I32\""),
        ", tensor 'w1': not a whole safetensors file: values of the kind I32, F32 or F64 are needed",
    );
    check(
        &with("[2,200]", "[2,999]"),
        ": not a whole safetensors file: its head: invalid shape, data type, or offset for tensor",
    );
    check(&[&whole[..], b"more"].concat(), ": not a whole safetensors file: bytes follow its end");
    for (old, new, found) in [("[2,200]", "[-,200]", "its head: "), ("\"b1\":{", "\"w1\":{", "its head: ")] {
        place.write("m", with(old, new));
        let ended = place.run("info m");
        assert_eq!((ended.code, ended.err.lines().count()), (Some(2), 1), "{}", ended.err);
        let start = format!("error: m: not a whole safetensors file: {found}");
        assert!(ended.err.starts_with(&start), "{}", ended.err);
    }
}

/// Rows are added all the time while the program reads.
#[test]
fn a_file_that_is_being_written_to() {
    let place = Place::new();
    place.write("t.csv", "a,y\n".to_owned() + &"1,u\n2,v\n".repeat(50_000));
    let mut file = std::fs::OpenOptions::new().append(true).open(place.path("t.csv")).unwrap();
    let mut child = place.command("train t.csv --target y").stderr(Stdio::piped()).spawn().unwrap();
    while child.try_wait().unwrap().is_none() {
        file.write_all(b"3,u\n").unwrap();
    }
    let ended = child.wait_with_output().unwrap();
    let err = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(2), "{err}");
    let sizes = err
        .strip_prefix("error: t.csv: the file changed while it was read, from ")
        .and_then(|rest| rest.strip_suffix(" bytes; wait until it is written\n"));
    assert!(sizes.is_some_and(|sizes| sizes.contains(" to ")), "{err}");
    assert_eq!(place.files(), ["t.csv"]);
}

#[cfg(unix)]
#[test]
fn what_must_not_be_written_over() {
    let place = Place::new();
    place.write("flowers.csv", flowers());
    place.ok("train flowers.csv --target kind --epochs 1 --out run --quiet");
    let (data, model) = (place.bytes("flowers.csv"), place.bytes("run/model.safetensors"));
    let _socket = std::os::unix::net::UnixListener::bind(place.path("socket")).unwrap();
    std::os::unix::fs::symlink("flowers.csv", place.path("link.csv")).unwrap();
    for (output, found) in [
        ("flowers.csv", "flowers.csv: cannot write: this is the file of the data; choose another name"),
        ("link.csv", "link.csv: cannot write: this is the file of the data; choose another name"),
        (
            "run/model.safetensors",
            "run/model.safetensors: cannot write: this is the file of the model; choose another name",
        ),
        ("run", "run: cannot write: this is a folder; name a file"),
        ("no/p.csv", "no/p.csv: cannot write: the folder does not exist; make it first"),
        ("socket", "socket: cannot write: this is a device or a pipe; name a file"),
    ] {
        refused(&place, &format!("predict run/model.safetensors flowers.csv -o {output}"), 2, found);
    }
    assert!(place.bytes("flowers.csv") == data && place.bytes("run/model.safetensors") == model);
    refused(
        &place,
        "train flowers.csv --target kind --out run",
        2,
        "run: the folder is not empty; choose another with --out, or add --overwrite",
    );
}

#[test]
fn a_full_disk() {
    let place = Place::new();
    place.write("flowers.csv", flowers());
    place.ok("train flowers.csv --target kind --epochs 1 --out run --quiet");
    for (line, file) in [
        ("train flowers.csv --target kind --epochs 1 --out full --quiet", "full/model.safetensors"),
        ("predict run/model.safetensors flowers.csv -o p.csv", "p.csv"),
    ] {
        let before = place.files();
        let mut command = place.command(line);
        let ended = command.env(clearprop_files::disk::FAIL_DISK, "1").output().unwrap();
        let expected =
            format!("error: {file}: cannot write: no space left on the disk; make room, then run again\n");
        assert_eq!((ended.status.code(), String::from_utf8(ended.stderr).unwrap()), (Some(2), expected));
        assert_eq!(place.files(), before);
    }
}

/// Devices that Linux has.
#[cfg(target_os = "linux")]
#[test]
fn a_full_pipe_and_a_folder_nobody_may_write_into() {
    let place = Place::new();
    place.write("flowers.csv", flowers());
    place.ok("train flowers.csv --target kind --epochs 1 --out run --quiet");
    for line in ["predict run/model.safetensors flowers.csv", "evaluate run/model.safetensors flowers.csv"] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let ended = place.command(line).stdout(full).output().unwrap();
        let expected =
            "error: standard output: cannot write: no space left on the disk; make room, then run again\n";
        assert_eq!(
            (ended.status.code(), String::from_utf8(ended.stderr).unwrap().as_str()),
            (Some(2), expected)
        );
    }
    // Not even root may make a folder there; where the folder itself is read-only, the words are others.
    let ended = place.run("train flowers.csv --target kind --out /sys/clearprop");
    assert_eq!(ended.code, Some(2));
    let words = [
        "permission denied; check who may read and write there",
        "the disk is read-only; choose another folder",
    ];
    let known = words.map(|words| format!("error: /sys/clearprop: cannot make the folder: {words}\n"));
    assert!(known.contains(&ended.err), "{}", ended.err);
}

/// Small files that took gigabytes, or showed the panic of another crate.
#[test]
fn small_files_that_asked_for_much() {
    let gzip = |text: &[u8]| {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        packed.write_all(text).unwrap();
        packed.finish().unwrap()
    };
    let wide = gzip(&[b"a,".repeat(1_000_000).as_slice(), b"y\n"].concat());
    check_bytes(
        &[("w.csv.gz", &wide)],
        "train w.csv.gz --target y",
        "w.csv.gz, row 1: this line has more than 65536 fields; so many columns are not read; are rows and columns exchanged?",
    );
    let long = gzip(&b"a".repeat(30_000_000));
    check_bytes(
        &[("l.csv.gz", &long)],
        "train l.csv.gz --target y",
        "l.csv.gz, row 1: this line is longer than 4194304 bytes; is it a CSV file?",
    );
    let blanks = gzip(&[b"a b y\n1 2 u\n3 4 v\n".as_slice(), &b"1 ".repeat(100_000), b"\n"].concat());
    check_bytes(
        &[("b.csv.gz", &blanks)],
        "train b.csv.gz --target y",
        "b.csv.gz, row 4: this line has more than 65536 fields; so many columns are not read; are rows and columns exchanged?",
    );
    let quoted = [
        b"a,b,y\n1,2,u\n".as_slice(),
        &[b"\"".as_slice(), &b"x".repeat(999), b"\nx\","].concat().repeat(9000),
        b"y\n",
    ];
    check_bytes(
        &[("q.csv.gz", &gzip(&quoted.concat()))],
        "train q.csv.gz --target y",
        "q.csv.gz, row 4194: this row is longer than 4194304 bytes; is it a CSV file?",
    );
    let empty = gzip(
        &[b"a,y\n1,u\n".as_slice(), &[b" ".repeat(4_000_000).as_slice(), b"\n"].concat().repeat(40)].concat(),
    );
    check_bytes(
        &[("e.csv.gz", &empty)],
        "train e.csv.gz --target y",
        "e.csv.gz, row 36: too many lines are empty; is it a CSV file?",
    );
    // Few rows of long words: memory is looked at by the bytes that came, not by the rows alone.
    let words: String = (0..20).map(|i| format!("{i}{},u\n", "a".repeat(3_500_000))).collect();
    let place = Place::new();
    place.write("w.csv.gz", gzip(&[b"a,y\n", words.as_bytes()].concat()));
    let ended = place.run("train w.csv.gz --target y");
    assert!(ended.code == Some(2) && ended.err.contains("holds more than the "), "{}", ended.err);
    let tall = gzip(&[b"a,y\n".as_slice(), &b"1,2\n".repeat(10_000_000)].concat());
    let place = Place::new();
    place.write("t.csv.gz", &tall);
    let ended = place.run("train t.csv.gz --target y");
    let size = tall.len();
    let most = ((24 << 20) + 32 * size) / 1_000_000;
    let found = format!(
        "holds more than the {most} MB that a file of {size} bytes may take; save it unpacked, or in parts, if it is sound\n"
    );
    assert!(ended.code == Some(2) && ended.err.ends_with(&found), "{}", ended.err);
    let missing = include_bytes!("../../../../fuzz/seeds/parquet/dictionary_page_missing");
    check_bytes(
        &[("p.parquet", missing)],
        "train p.parquet --target y",
        "p.parquet: not a whole Parquet file: its values cannot be unpacked; write it again",
    );
}

/// What a terminal would obey is shown, wherever a name comes from.
#[test]
fn control_characters_are_shown() {
    let place = Place::new();
    place.write("esc.csv", "\u{1b}[31ma,y\n1,u\n2,v\n3,u\n4,v\n5,u\n6,v\n");
    refused(
        &place,
        "train esc.csv --target z",
        2,
        "esc.csv: there is no column 'z'; the columns are '\\u001b[31ma', 'y'",
    );
    place.ok("train esc.csv --target y --epochs 1 --out run");
    let ended = place.run("info run/model.safetensors");
    assert!(ended.code == Some(0) && !ended.out.contains('\u{1b}') && ended.out.contains("\\u001b[31ma"));
    let rows = "1,u\n2,v\n".repeat(20);
    place.write("long.csv", format!("{},y\n{rows}", "x".repeat(1_000_000)));
    let ended = place.run("train long.csv --target z");
    assert!(ended.code == Some(2) && ended.err.len() < 2000, "{} bytes", ended.err.len());
}

#[cfg(unix)]
#[test]
fn endless_inputs_are_no_models() {
    for input in ["/dev/zero", "/dev/urandom"] {
        let ended = Place::new().run(&format!("info {input}"));
        assert_eq!((ended.code, ended.err.lines().count()), (Some(2), 1), "{}", ended.err);
    }
}

/// Names that are no UTF-8 are names like others, checkpoints included.
#[cfg(target_os = "linux")]
#[test]
fn names_that_are_not_utf8() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let place = Place::new();
    let name = OsStr::from_bytes(b"flow\xffers.csv");
    std::fs::write(place.path("x").with_file_name(name), flowers()).unwrap();
    let run = |args: &[&OsStr]| place.command("train").args(args).output().unwrap();
    let args = "--target kind --epochs 3 --checkpoint-every 2 --quiet --out";
    let args: Vec<&OsStr> = [name].into_iter().chain(args.split(' ').map(OsStr::new)).collect();
    let out = OsStr::from_bytes(b"r\xfeun");
    let output = run(&[&args[..], &[out]].concat());
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), b"".as_slice()));
    let stopped = place
        .command("train")
        .args([&args[..], &[out]].concat())
        .arg("--overwrite")
        .env("CLEARPROP_TEST_FAIL_DISK", "14")
        .output()
        .unwrap();
    assert_eq!(stopped.status.code(), Some(2));
    let resumed = place.command("train --quiet --resume").arg(out).output().unwrap();
    assert_eq!((resumed.status.code(), resumed.stderr.as_slice()), (Some(0), b"".as_slice()));
}

/// A limit of memory ends a run in one line, or not at all.
#[cfg(target_os = "linux")]
#[test]
fn no_more_memory_is_said_in_one_line() {
    let place = Place::new();
    let rows: String = (0..100_000).map(|i| format!("word{i},{},{}\n", i % 7, ["u", "v"][i % 2])).collect();
    place.write("t.csv", format!("w,a,y\n{rows}"));
    let within = |kilobytes: u32, line: &str| {
        let program = env!("CARGO_BIN_EXE_clearprop");
        let line = format!("ulimit -v {kilobytes}; exec {program} {line}");
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", &line]).current_dir(place.path("."));
        let ended = shell.output().unwrap();
        (ended.status.code(), String::from_utf8_lossy(&ended.stderr).into_owned())
    };
    // With fewer the program does not even begin.
    let least = (10..).map(|megabytes| megabytes * 2000).find(|&most| within(most, "--version").0 == Some(0));
    let told_within = |more: u32, out: &str| {
        let line = format!("train t.csv --target y --epochs 1 --quiet --overwrite --out {out}");
        let (code, err) = within(least.unwrap() + more, &line);
        // It may have been said before that no thread can be started.
        let mut lines = err.lines().filter(|line| !line.starts_with("warning: "));
        let line = lines.next().unwrap_or_default();
        let said = line.starts_with("error: the system has no more memory (") && lines.next().is_none();
        assert!(code == Some(0) || (code == Some(2) && said), "{more}: {code:?} {err}");
        said
    };
    // Two halves at once, each in a folder of its own.  More limits than 20: `CLEARPROP_TEST_LIMITS=60`.
    let step = 2 * 60_000 / times("CLEARPROP_TEST_LIMITS", 20);
    let told = std::thread::scope(|scope| {
        let half = |first: u32, out: &'static str| {
            let told_within = &told_within;
            scope.spawn(move || {
                (first..60_000).step_by(step as usize).filter(|&more| told_within(more, out)).count()
            })
        };
        [half(0, "even"), half(step / 2, "odd")].map(|half| half.join().unwrap()).iter().sum::<usize>()
    });
    assert!(told > 0);
    assert!(!place.files().iter().any(|name| name.contains("unfinished")), "{:?}", place.files());
}

/// What no option can say may stand in the text of a checkpoint.
#[test]
fn edited_checkpoints_are_refused_or_gone_on_with() {
    use clearprop_files::safetensors;
    let place = Place::new();
    place.write("flowers.csv", flowers());
    let line = "train flowers.csv --target kind --epochs 5 --checkpoint-every 2 --quiet --out run";
    let failed = place.command(line).env(clearprop_files::disk::FAIL_DISK, "9").output().unwrap();
    assert_eq!(failed.status.code(), Some(2));
    let (tensors, text) = safetensors::read(&place.bytes("run/checkpoint.safetensors")[..], "c").unwrap();
    let text = text.unwrap();
    for (old, new) in [
        ("\"log_every\":null", "\"log_every\":0"),
        ("\"record_every\":null", "\"record_every\":0"),
        ("\"checkpoint_every\":2", "\"checkpoint_every\":0"),
        ("\"separator\":null", "\"separator\":\"\""),
        ("\"separator\":null", "\"separator\":\"\\\"\""),
        ("\"skip\":null", "\"skip\":18446744073709551615"),
        ("\"train_time\":{\"secs\":0", "\"train_time\":{\"secs\":18446744073709551615"),
        ("\"not_better\":0", "\"not_better\":18446744073709551615"),
        ("\"precision\":\"f32\"", "\"precision\":\"f16\""),
        ("\"running\":[{", "\"running\":[],\"done\":[{"),
        ("\"running\":[{", "\"running\":[{\"step\":1,\"updates\":1,\"not_better\":0,\"is_over\":false},{"),
        (
            "\"done\":[]",
            "\"done\":[{\"steps\":18446744073709551615,\"stop_reason\":\"finished\",\"rows\":0,\"score\":null}]",
        ),
    ] {
        assert!(text.contains(old), "{old} in {text}");
        let edited = safetensors::write(&tensors, text.replacen(old, new, 1)).unwrap();
        place.write("run/checkpoint.safetensors", edited);
        let ended = place.run("train --resume run --quiet");
        let (code, lines) = (ended.code, ended.err.lines().count());
        assert!(code == Some(0) || (code == Some(2) && lines == 1), "{new}: {code:?} {}", ended.err);
    }
}
