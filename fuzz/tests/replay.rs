//! Replays the committed corpora, so that what fuzzing once found stays found.

use std::{fs, path::Path};

#[test]
fn every_corpus_holds_its_laws() {
    for (name, target) in covouch_fuzz::TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
        let mut seeds = 0;
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            target(&fs::read(entry.unwrap().path()).unwrap());
            seeds += 1;
        }
        assert!(seeds > 0, "`{name}` has no corpus");
    }
}
