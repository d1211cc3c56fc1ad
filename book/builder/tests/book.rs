#[test]
fn dump() {
    let t = std::time::Instant::now();
    let m = clearprop_book::measure::everything().unwrap();
    for n in m.names() { if let Some(v) = m.number(n) { println!("{n} = {v:?}"); } else if n.ends_with("points") { println!("{n} {}", m.shown(n).unwrap()); } }
    println!("{:?}", t.elapsed());
}
