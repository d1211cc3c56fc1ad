//! `cargo xtask survive [KILLS] [FULL]`: runs that are killed, runs that want one folder, and runs whose disk fills up.

use crate::chores::Done;
use crate::sources::root;
use std::path::Path;
use std::process::Command;

/// The run that is disturbed: batches, moments, validation, checkpoints.
const RUN: &str = "train t.csv --target y --epochs 60 --hidden 40,20 --validation-size 0.2 --patience 1000 --checkpoint-every 7 --quiet";

/// So many kills (1,000; a tenth as many rounds of two runs) and full disks (200); the latter need root on Linux, for a small file system in memory.
pub(crate) fn run(args: &[String]) -> Done {
    let number = |i: usize, usual: u32| args.get(i).and_then(|arg| arg.parse().ok()).unwrap_or(usual);
    let (kills, full) = (number(0, 1000), number(1, 200));
    if kills > 0 {
        let test = Command::new(env!("CARGO"))
            .args([
                "test",
                "-p",
                "clearprop-cli",
                "--test",
                "program",
                "--",
                "killed_at_any_moment",
                "a_refused_run_leaves",
                "of_two_runs_into",
                "no_more_memory",
                "--nocapture",
            ])
            .env("CLEARPROP_TEST_KILLS", kills.to_string())
            .env("CLEARPROP_TEST_LIMITS", "60")
            .env("CLEARPROP_TEST_ROUNDS", kills.div_ceil(10).to_string())
            .current_dir(root())
            .status();
        if !test.is_ok_and(|status| status.success()) {
            return Err("a killed run was lost, or one of two, or one without memory".to_owned());
        }
    }
    if full > 0 { full_disks(full) } else { Ok(()) }
}

/// A command in a folder, and whether it did what was asked.
fn call(folder: &Path, program: &Path, line: &str) -> bool {
    let mut command = Command::new(program);
    command.args(line.split_whitespace()).current_dir(folder).stderr(std::process::Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn full_disks(count: u32) -> Done {
    crate::chores::cargo(&["build", "--release"])?;
    let program = root().join("target/release/clearprop");
    let folder = root().join("target/survive");
    let disk = folder.join("disk");
    let _ = call(&root(), Path::new("umount"), &disk.display().to_string());
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&disk).map_err(|error| error.to_string())?;
    let row = |i: u32| format!("{},{},{}\n", i * 7 % 31, i * 13 % 29, ["u", "v", "w"][i as usize * 5 % 3]);
    let table = (0..600).map(row).collect::<String>();
    std::fs::write(folder.join("t.csv"), format!("a,b,y\n{table}")).map_err(|error| error.to_string())?;
    let mount = |size: u32, how: &str| {
        call(&folder, Path::new("mount"), &format!("-t tmpfs -o {how}size={size}k,nr_inodes=100 none disk"))
    };
    if !mount(4000, "") {
        return Err("no small file system can be mounted here; full disks need root on Linux".to_owned());
    }
    let model = |name: &str| std::fs::read(disk.join(name).join("model.safetensors")).unwrap_or_default();
    let done = (|| {
        if !call(&folder, &program, &format!("{RUN} --out disk/whole")) {
            return Err("the undisturbed run fails".to_owned());
        }
        let (whole, mut refused, mut resumed) = (model("whole"), 0, 0);
        let _ = std::fs::remove_dir_all(disk.join("whole"));
        for i in 0..count {
            // The run needs about 40 KB up to its model, 800 KB with its pictures: the space goes out somewhere on
            // the way, or just not.
            let size = 8 + [2, 21][i as usize % 2] * (i * 37 % 41);
            if !mount(size, "remount,") {
                return Err(format!("the file system cannot be made {size} KB large"));
            }
            let ended = call(&folder, &program, &format!("{RUN} --out disk/run"));
            refused += u32::from(!ended);
            mount(4000, "remount,");
            if !ended {
                let on = disk.join("run/checkpoint.safetensors").exists();
                resumed += u32::from(on);
                let line = if on {
                    "train --quiet --resume disk/run".to_owned()
                } else {
                    format!("{RUN} --overwrite --out disk/run")
                };
                if !call(&folder, &program, &line) {
                    return Err(format!("after a disk of {size} KB was full, this fails: {line}"));
                }
            }
            if model("run") != whole {
                return Err(format!("after a disk of {size} KB was full, the model is another"));
            }
            let _ = std::fs::remove_dir_all(disk.join("run"));
        }
        println!(
            "{count} disks: {refused} were full before the end, {resumed} of these runs were resumed, all models the same"
        );
        Ok(())
    })();
    let _ = call(&root(), Path::new("umount"), &disk.display().to_string());
    done
}
