//! Prints the JSON Schema of `covouch.toml`, or of the report with the argument `report`, for `cargo xtask gen`.

fn main() {
    let schema = match std::env::args().nth(1).as_deref() {
        Some("report") => covouch_policy::report::json::schema(),
        _ => covouch_policy::schema::schema(),
    };
    println!("{schema:#}");
}
