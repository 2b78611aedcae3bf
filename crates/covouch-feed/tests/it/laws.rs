//! Laws of the writer and the reader together.

use covouch_feed::publish::{Additions, Renewal};
use proptest::prelude::*;

use crate::world::{Feed, Reader, about, days, start, veto};

/// Statements by several keys about a few projects, in batches: which project, which key, whether the batch ends here.
fn stories() -> impl Strategy<Value = Vec<(usize, usize, bool)>> {
    prop::collection::vec((0..4_usize, 0..3_usize, any::<bool>()), 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn nothing_is_lost_and_nothing_doubled_however_it_is_batched(story in stories()) {
        let (projects, issuers) = (["six", "flask", "numpy", "attrs"], ["curator", "team", "stranger"]);
        let mut feed = Feed::new::<&str>(&[]);
        let mut reader = Reader::of(&feed);
        reader.refresh(&feed, start()).unwrap();
        let mut batch = Additions::default();
        for (project, issuer, ends) in &story {
            let (statement, envelope) = veto(projects[*project], issuers[*issuer]);
            batch.add(&statement, envelope);
            if *ends {
                feed.publish(&std::mem::take(&mut batch), Renewal::Due, days(1));
                reader.refresh(&feed, days(1)).unwrap();
            }
        }
        feed.publish(&batch, Renewal::Due, days(1));
        let trusted = reader.refresh(&feed, days(1)).unwrap();
        for (index, project) in projects.iter().enumerate() {
            let mut said: Vec<usize> =
                story.iter().filter(|(about, ..)| *about == index).map(|(_, issuer, _)| *issuer).collect();
            said.sort_unstable();
            said.dedup();
            prop_assert_eq!(about(&feed, &trusted, project).unwrap().len(), said.len());
        }
    }

    #[test]
    fn no_byte_of_a_publication_can_be_changed(which in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let feed = Feed::new(&["six"]);
        let mut changed = feed.clone();
        let names: Vec<String> = feed.files.keys().filter(|name| *name != "1.root.json").cloned().collect();
        let bytes = changed.files.get_mut(which.get(&names)).unwrap();
        let place = at.index(bytes.len());
        bytes[place] ^= 1 << bit;
        match Reader::of(&feed).refresh(&changed, start()) {
            Err(_) => {}
            // What is not signed may differ: white space, and how a text is escaped.
            Ok(trusted) => {
                let honest = Reader::of(&feed).refresh(&feed, start()).unwrap();
                prop_assert_eq!(trusted.targets().role(), honest.targets().role());
                prop_assert_eq!(trusted.timestamp().role(), honest.timestamp().role());
            }
        }
    }
}
