//! Prints the JSON Schema of an evidence lock's lines, for `cargo xtask gen`.

fn main() {
    println!("{:#}", covouch_core::evidence_lock::schema());
}
