//! A page, without what the policy keeps out.
//!
//! # Invariants
//! - A file is on the page with an open address only if its judgement is a permission.
//! - Nothing is left off in silence: what is kept out is listed as yanked with the reason, or, where the operator
//!   wants it hidden, counted in [`Enforced::passed_over`].
//! - Every field upstream gave stays, except where bytes come from and what is said about metadata.
//!
//! # Not here
//! Judging, fetching, rendering, time: judgements are arguments.

use std::collections::BTreeMap;

use covouch_core::{digest::Sha256, party::PartyName, time::Timestamp, version::Version};
use covouch_policy::Blocked;
use covouch_python::simple::{CoreMetadata, File, Hashes, Page, Yanked};

use crate::{
    address::{self, Door},
    limits,
    release::{Block, Permission},
    session::PassedOver,
};

/// What the judge says of one file.
pub(crate) type Judgement = Result<Permission, Block>;

/// How pages are written.
pub(crate) struct Style<'a> {
    /// How a file that is kept out appears.
    pub(crate) blocked: Blocked,
    /// The index the page is from.
    pub(crate) index: &'a PartyName,
    /// Where a person reads more about a file.
    pub(crate) why: &'a dyn Fn(&File) -> String,
    /// The digest of a wheel's METADATA, when it was taken out of the wheel before.
    pub(crate) metadata: &'a dyn Fn(&Sha256) -> Option<Sha256>,
}

/// A page as clients may see it.
pub(crate) struct Enforced {
    pub(crate) page: Page,
    /// Whether any file is let through, of those there are.
    pub(crate) admits_any: bool,
    /// The newest version that is let through, and when the first of its files was uploaded.
    pub(crate) newest: Option<(Version, Option<Timestamp>)>,
    /// Newer versions that are not, newest first.
    pub(crate) passed_over: Vec<PassedOver>,
}

/// What becomes of a version.
struct Fate {
    is_open: bool,
    uploaded: Option<Timestamp>,
    block: Option<Block>,
}

/// Applies judgements, one for each file of the page in order, to the page.
pub(crate) fn enforce(page: Page, judgements: Vec<Judgement>, style: &Style<'_>) -> Enforced {
    let (newest, passed_over) = downgrade(&page, &judgements);
    let admits_any = page.files().is_empty() || judgements.iter().any(Result::is_ok);
    let mut judgements = judgements.into_iter();
    let page = page.edit(|file| match judgements.next() {
        Some(Ok(_)) => Some(open(file, style)),
        Some(Err(block)) => held(file, &block, style),
        // A file without a judgement is one nobody judged.
        None => None,
    });
    Enforced { page, admits_any, newest, passed_over }
}

fn open(file: File, style: &Style<'_>) -> File {
    let link = link(&file, Door::Open, style);
    with_metadata(file.with_url(&link), style)
}

fn held(file: File, block: &Block, style: &Style<'_>) -> Option<File> {
    if style.blocked != Blocked::Yank {
        return None;
    }
    let mut reason = format!("covouch: {} (why: {})", block.reason, (style.why)(&file));
    if let Yanked::Yes(upstream) = file.yanked() {
        reason.push_str("; also yanked by its index");
        if let Some(upstream) = upstream {
            reason.push_str(": ");
            reason.push_str(upstream);
        }
    }
    let link = link(&file, Door::Held, style);
    Some(with_metadata(file.with_url(&link).yank_with(&reason), style))
}

/// Relative to `/simple/<project>/`, so that it is right behind any proxy.
fn link(file: &File, door: Door, style: &Style<'_>) -> String {
    let sha256 = file.sha256();
    let project = file.dist().project();
    let path = match project {
        Some(project) => address::of_file(door, sha256.as_ref(), style.index, project, file.url()),
        // A kind of file that nobody should install has no project in its name, and is always held back.
        None => format!("files/held-unjudged/{}", style.index),
    };
    ["../../", &path].concat()
}

/// The file with the promise about its metadata that we can keep.
fn with_metadata(file: File, style: &Style<'_>) -> File {
    if promised_metadata(&file).is_some() {
        return file;
    }
    let sha256 = file.sha256().filter(|_| is_small_wheel(&file));
    let known = sha256.map(|sha256| (style.metadata)(&sha256).map_or_else(Hashes::default, Hashes::of));
    file.with_metadata(known.map(CoreMetadata::Yes))
}

/// The digest of the metadata upstream serves, when it gives one.
pub(crate) fn promised_metadata(file: &File) -> Option<Sha256> {
    match file.core_metadata()? {
        CoreMetadata::Yes(hashes) => hashes.sha256(),
        CoreMetadata::No => None,
    }
}

fn is_small_wheel(file: &File) -> bool {
    file.dist().is_wheel() && file.size().is_some_and(|size| size <= limits::METADATA_WHEEL_BYTES)
}

/// The newest version that is let through, and what an installer passes over to get there.
fn downgrade(
    page: &Page,
    judgements: &[Judgement],
) -> (Option<(Version, Option<Timestamp>)>, Vec<PassedOver>) {
    let mut fates: BTreeMap<&Version, Fate> = BTreeMap::new();
    let judged: Vec<(&Version, &File, &Judgement)> = page
        .files()
        .iter()
        .zip(judgements)
        // What its own index yanked would not be chosen anyway.
        .filter(|(file, _)| !file.yanked().is_yanked())
        .filter_map(|(file, judgement)| Some((file.dist().version()?, file, judgement)))
        .collect();
    // Files of one release mostly stand together.
    for release in judged.chunk_by(|(one, ..), (next, ..)| one == next) {
        let Some((version, ..)) = release.first() else { continue };
        let fate = fates.entry(version).or_insert(Fate { is_open: false, uploaded: None, block: None });
        for (_, file, judgement) in release {
            fate.uploaded = [fate.uploaded, file.upload_time()].into_iter().flatten().min();
            match judgement {
                Ok(_) => fate.is_open = true,
                Err(block) => fate.block = fate.block.take().or_else(|| Some(block.clone())),
            }
        }
    }
    // Installers pass over pre-releases by themselves, where there is anything else.
    if fates.keys().any(|version| !version.is_prerelease()) {
        fates.retain(|version, _| !version.is_prerelease());
    }
    let newest = fates.iter().rev().find(|(_, fate)| fate.is_open);
    let newest = newest.map(|(version, fate)| ((*version).clone(), fate.uploaded));
    let is_newer = |version: &Version| newest.as_ref().is_none_or(|(newest, _)| version > newest);
    let passed = fates.iter().rev().filter(|(version, _)| is_newer(version));
    let passed_over = passed.filter_map(|(version, fate)| {
        let block = fate.block.as_ref()?;
        Some(PassedOver { version: (*version).clone(), code: block.code, reason: block.reason.clone() })
    });
    let passed_over = passed_over.collect();
    (newest, passed_over)
}

#[cfg(test)]
mod tests {
    use covouch_core::name::ProjectName;
    use covouch_python::simple::json;
    use url::Url;

    use super::*;
    use crate::code;

    const DIGEST: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn page(files: &[(&str, &str)]) -> Page {
        let files: Vec<String> = files
            .iter()
            .map(|(name, more)| {
                format!(
                    r#"{{"filename": "{name}", "url": "https://files.index.example/packages/aa/{name}",
                        "hashes": {{"sha256": "{DIGEST}"}}, "x-kept": [1] {more}}}"#
                )
            })
            .collect();
        let text = format!(
            r#"{{"meta": {{"api-version": "1.1"}}, "name": "six", "x-too": 1, "files": [{}]}}"#,
            files.join(",")
        );
        let base = Url::parse("https://index.example/simple/six/").unwrap();
        json::parse(text.as_bytes(), &base, &ProjectName::parse("six").unwrap()).unwrap()
    }

    fn block() -> Judgement {
        Err(Block::new(code::FILE_UNHASHED, "1 of 2 vouches"))
    }

    fn enforced(page: Page, judgements: Vec<Judgement>, blocked: Blocked) -> Enforced {
        let index = PartyName::parse("pypi").unwrap();
        let why = |file: &File| format!("http://gate.example/why/{}", file.filename());
        let metadata = |_: &Sha256| None;
        enforce(page, judgements, &Style { blocked, index: &index, why: &why, metadata: &metadata })
    }

    #[test]
    fn what_is_kept_out_is_listed_with_the_reason_and_a_held_address() {
        let page = page(&[("six-1.0.tar.gz", ""), ("six-2.0.tar.gz", "")]);
        let enforced = enforced(page, vec![Ok(Permission::Admitted), block()], Blocked::Yank);
        let [open, held] = enforced.page.files() else { panic!("two files") };
        assert!(open.link().starts_with("../../files/open-e3b0c44298fc1c14/pypi/six/packages/aa/six-1.0"));
        assert_eq!(*open.yanked(), Yanked::No);
        assert!(held.link().starts_with("../../files/held-e3b0c44298fc1c14/pypi/six/packages/aa/six-2.0"));
        let reason = "covouch: 1 of 2 vouches (why: http://gate.example/why/six-2.0.tar.gz)";
        assert_eq!(*held.yanked(), Yanked::Yes(Some(reason.into())));
        assert!(held.unknown().json().eq([("x-kept", "[1]")]) && enforced.page.unknown_json_has("x-too"));
    }

    #[test]
    fn hidden_files_are_gone_and_their_versions_with_them() {
        for blocked in [Blocked::Hide, Blocked::Hard] {
            let page = page(&[("six-1.0.tar.gz", ""), ("six-2.0.tar.gz", "")]);
            let enforced = enforced(page, vec![Ok(Permission::Admitted), block()], blocked);
            assert_eq!(enforced.page.files().len(), 1);
            assert_eq!(enforced.page.versions().len(), 1);
            assert!(enforced.admits_any);
        }
    }

    #[test]
    fn a_file_nobody_judged_is_not_listed() {
        let enforced = enforced(page(&[("six-1.0.tar.gz", "")]), Vec::new(), Blocked::Yank);
        assert!(enforced.page.files().is_empty() && !enforced.admits_any);
    }

    #[test]
    fn an_upstream_reason_is_kept_behind_ours() {
        let page = page(&[("six-1.0.tar.gz", r#", "yanked": "broken""#)]);
        let enforced = enforced(page, vec![block()], Blocked::Yank);
        let Yanked::Yes(Some(reason)) = enforced.page.files()[0].yanked() else { panic!("a reason") };
        assert!(reason.ends_with("; also yanked by its index: broken"), "{reason}");
    }

    #[test]
    fn newer_versions_that_are_passed_over_are_named() {
        let files =
            ["six-1.0.tar.gz", "six-2.0.tar.gz", "six-3.0.tar.gz", "six-4.0rc1.tar.gz", "six-0.9.tar.gz"];
        let page = page(&files.map(|name| (name, r#", "upload-time": "2026-01-02T00:00:00Z""#)));
        let judgements = vec![Ok(Permission::Admitted), block(), block(), block(), block()];
        let enforced = enforced(page, judgements, Blocked::Hide);
        let (newest, uploaded) = enforced.newest.unwrap();
        assert_eq!(newest.to_string(), "1.0");
        assert_eq!(uploaded, Some(Timestamp::parse("2026-01-02").unwrap()));
        let passed: Vec<_> = enforced.passed_over.iter().map(|passed| passed.version.to_string()).collect();
        assert_eq!(passed, ["3.0", "2.0"]);
    }

    #[test]
    fn metadata_is_promised_only_where_it_can_be_served() {
        let wheel = "six-1.0-py3-none-any.whl";
        let promise = |name: &str, more: &str| {
            let page = page(&[(name, more)]);
            let enforced = enforced(page, vec![Ok(Permission::Admitted)], Blocked::Yank);
            enforced.page.files()[0].core_metadata().cloned()
        };
        let built = Some(CoreMetadata::Yes(Hashes::default()));
        assert_eq!(promise(wheel, r#", "size": 1000"#), built);
        assert_eq!(promise(wheel, r#", "size": 1000, "core-metadata": false"#), built);
        assert_eq!(promise(wheel, r#", "size": 1000, "core-metadata": true"#), built);
        assert_eq!(promise(wheel, r#", "size": 99000000000, "core-metadata": true"#), None);
        assert_eq!(promise(wheel, ""), None);
        assert_eq!(promise("six-1.0.tar.gz", r#", "size": 1000"#), None);
        let hashed = format!(r#", "core-metadata": {{"sha256": "{DIGEST}"}}"#);
        assert_eq!(
            promise(wheel, &hashed),
            Some(CoreMetadata::Yes(Hashes::of(Sha256::parse(DIGEST).unwrap())))
        );
    }

    trait UnknownJson {
        fn unknown_json_has(&self, key: &str) -> bool;
    }

    impl UnknownJson for Page {
        fn unknown_json_has(&self, key: &str) -> bool {
            String::from_utf8(covouch_python::simple::render::json(self)).unwrap().contains(key)
        }
    }
}
