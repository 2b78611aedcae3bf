//! A whole page of files, judged without looking any of them up twice.

use std::collections::HashMap;

use covouch_core::{subject::Subject, version::Version};

use super::{Siblings, Standing, is_built, judge_with};
use crate::{
    facts::{Case, World},
    program::Policy,
    verdict::Verdict,
};

/// All files of one project's page, as clients will see it. The siblings of a file are taken from here: a wheel
/// that is left out of this keeps no sdist out, unless the evidence says that nobody can judge it.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// The files.
    pub files: &'a [Subject],
}

/// Judges a page under one policy; the verdicts stand in the order of the files.
pub(super) fn judge(policy: &Policy, world: World<'_>, page: Page<'_>) -> Vec<Verdict> {
    let mut kept_out: HashMap<&Version, Vec<(&Subject, Standing)>> = HashMap::new();
    let mut verdicts: Vec<Option<Verdict>> = Vec::with_capacity(page.files.len());
    for file in page.files {
        verdicts.push(is_built(&file.filename).then(|| {
            let verdict = judge_with(&Case::new(policy, world, file), &|| Siblings::Fine);
            if verdict.standing() != Standing::In {
                kept_out.entry(&file.version).or_default().push((file, verdict.standing()));
            }
            verdict
        }));
    }
    let siblings = |file: &Subject| {
        let mut wheels = kept_out.get(&file.version).cloned().unwrap_or_default();
        wheels.sort_by_key(|(wheel, _)| *wheel);
        Siblings::of(wheels.into_iter())
    };
    let judged = page.files.iter().zip(verdicts).map(|(file, verdict)| {
        verdict.unwrap_or_else(|| judge_with(&Case::new(policy, world, file), &|| siblings(file)))
    });
    judged.collect()
}
