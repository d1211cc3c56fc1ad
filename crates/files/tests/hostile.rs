//! 1,000 damaged files of each format: each is read, or refused in one line; never a panic, an abort, a
//! hang, or memory beyond 64 MB and 4 times the file.
//!
//! One test, so that the memory of the process is that of the file being read.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests may unwrap and tell")]

use clearprop::error::Result;
use clearprop_files::safetensors::{self, Floats, Tensor};
use clearprop_files::table::{Opened, Options, open};
use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

const FILES: usize = 1000;

/// Reading stops being slow and starts to be a hang.  Far above the second that is promised: machines
/// that test are busy.
const HANG: Duration = Duration::from_secs(60);

/// SplitMix64: the same damage each time.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n.max(1) as u64).unwrap()
    }
}

/// One to four wounds.
fn damaged(file: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = file.to_vec();
    for _ in 0..=random.below(4) {
        // Heads and descriptions stand at the ends: half of the wounds are there.
        let near = 200.min(bytes.len());
        let at = match random.below(4) {
            0 => random.below(near),
            1 => bytes.len() - 1 - random.below(near),
            _ => random.below(bytes.len()),
        };
        let length = 1 + random.below(8.min(bytes.len() - at));
        let some: Vec<u8> = (0..length).map(|_| random.next().to_le_bytes()[0]).collect();
        match random.below(8) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = some[0],
            2 => bytes[at..at + length].fill(0xFF),
            3 => bytes[at..at + length].fill(0),
            4 => drop(bytes.splice(at..at, some)),
            5 => drop(bytes.drain(at..at + length)),
            6 => bytes.truncate(at.max(1)),
            _ => {
                let to = random.below(bytes.len() - length);
                bytes.copy_within(at..at + length, to);
            }
        }
        if bytes.is_empty() {
            bytes.push(0);
        }
    }
    bytes
}

/// Kilobytes of memory of this process: (the most since the last `forget_peak`, now).
fn memory() -> Option<(usize, usize)> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let of = |name: &str| {
        status.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse().ok())
    };
    Some((of("VmHWM:")?, of("VmRSS:")?))
}

fn forget_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// Reads a file as the command line would; the number of rows or arrays.
fn read(path: &Path) -> Result<usize> {
    if path.extension().is_some_and(|ending| ending == "safetensors") {
        let input = clearprop_files::disk::Input::open(path)?;
        return safetensors::read(input, "m").map(|(tensors, _)| tensors.len());
    }
    match open(path, &Options::default(), &mut |_, _| {})? {
        Opened::Rows(rows) => rows.read().map(|table| table.len()),
        Opened::Arrays(npz) => Ok(npz.arrays.len()),
    }
}

#[test]
fn damaged_files_are_refused_in_one_line() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = |path: &str| std::fs::read(here.join(path)).unwrap();
    let tensor = |name: &str, n: usize| Tensor {
        name: name.into(),
        shape: vec![n, 3],
        values: Floats::F32(vec![0.5; n * 3]),
    };
    let model =
        safetensors::write(&[tensor("w1", 20), tensor("b1", 1), tensor("w2", 7)], "{\"a\":1}").unwrap();
    let mut kinds: Vec<(&str, Vec<Vec<u8>>)> = vec![
        ("csv", vec![file("tests/data/table.csv"), file("tests/data/table.csv.gz")]),
        ("npz", vec![file("../../golden/net_relu_softmax.npz")]),
        ("safetensors", vec![model]),
    ];
    if cfg!(feature = "parquet") {
        let names = ["polars-zstd", "arrow-snappy", "arrow-gzip-v2", "arrow-int96"];
        kinds.push(("parquet", names.map(|name| file(&format!("tests/data/{name}.parquet"))).to_vec()));
    }
    let folder = std::env::temp_dir().join(format!("clearprop-hostile-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (give, take) = mpsc::channel::<std::path::PathBuf>();
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || take.iter().try_for_each(|path| tell.send(read(&path))));
    let mut random = Random(1);
    for (kind, whole) in kinds {
        let (mut refused, mut slowest, mut largest) = (0, Duration::ZERO, 0);
        for i in 0..FILES {
            let bytes = damaged(&whole[i % whole.len()], &mut random);
            let path = folder.join(format!("{i}.{kind}"));
            std::fs::write(&path, &bytes).unwrap();
            forget_peak();
            let before = memory();
            let began = Instant::now();
            give.send(path.clone()).unwrap();
            let outcome = told.recv_timeout(HANG).unwrap_or_else(|_| panic!("{kind} {i}: a hang or a panic"));
            slowest = slowest.max(began.elapsed());
            if let (Some((_, before)), Some((peak, _))) = (before, memory()) {
                let taken = peak.saturating_sub(before);
                largest = largest.max(taken);
                assert!(
                    taken <= (64 << 10) + 4 * bytes.len() / 1024,
                    "{kind} {i}: {taken} KB for {} bytes",
                    bytes.len()
                );
            }
            if let Err(error) = outcome {
                refused += 1;
                let line = error.to_string();
                assert!(!line.contains('\n') && line.len() > 10, "{kind} {i}: {line}");
            }
            std::fs::remove_file(&path).unwrap();
        }
        println!("{kind}: {refused} of {FILES} refused, at most {largest} KB and {slowest:.0?}");
        assert!(refused > FILES / 2, "{kind}: the damage is none");
    }
    std::fs::remove_dir_all(folder).unwrap();
}
