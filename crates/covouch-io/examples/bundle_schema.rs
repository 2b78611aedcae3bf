//! Prints the JSON Schema of a bundle's manifest, for `cargo xtask gen`.

fn main() {
    println!("{:#}", covouch_io::bundle::schema());
}
