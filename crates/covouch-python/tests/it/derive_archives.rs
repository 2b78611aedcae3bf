//! Archives that two programs may read differently, each refused beside one that says the same and is read.

use std::{
    collections::BTreeMap,
    io::{self, Cursor, Read, Seek, SeekFrom, Write as _},
};

use covouch_core::digest::Sha256;
use covouch_python::{
    archive::{ArchiveError, Contents, Member, MemberPath, limits, sdist, wheel},
    filename::Archive,
};
use proptest::prelude::*;

use crate::derive_packing::{TarMember, ZipMember, gzip, tar, zip};

fn read_zip(bytes: &[u8]) -> Result<Contents, ArchiveError> {
    wheel::read(Cursor::new(bytes), &|path| path.name() == "keep")
}

fn read_tar(bytes: &[u8]) -> Result<Contents, ArchiveError> {
    sdist::read(Cursor::new(bytes), Archive::TarGz, &|path| path.name() == "keep")
}

fn read_members(members: &[TarMember]) -> Result<Contents, ArchiveError> {
    read_tar(&gzip(&tar(members)))
}

fn digests(contents: &Contents) -> BTreeMap<String, (u64, Sha256)> {
    let one =
        |(path, member): (&MemberPath, &Member)| (path.as_str().to_owned(), (member.size, member.sha256));
    contents.members().iter().map(one).collect()
}

#[track_caller]
fn assert_code(result: Result<Contents, ArchiveError>, code: &str) {
    let error = result.expect_err(code);
    assert_eq!(error.code().as_str(), code, "{error}");
}

/// Two members, the first with one change.
fn zip_with(change: impl FnOnce(&mut ZipMember)) -> Vec<u8> {
    let mut first = ZipMember::new("a/keep", b"some text, some text");
    change(&mut first);
    zip(&[first, ZipMember::new("b.py", b"")]).0
}

const FILE: u8 = b'0';

/// A file with one change, in an sdist.
fn tar_with(change: impl FnOnce(&mut TarMember)) -> Vec<TarMember> {
    let mut file = TarMember::new("demo-1.0/a/keep", FILE, b"some text");
    change(&mut file);
    vec![file]
}

fn pax(key: &str, value: &str) -> Vec<u8> {
    let rest = key.len() + value.len() + 3;
    let length = (1..5).map(|digits| digits + rest).find(|all| all.to_string().len() + rest == *all).unwrap();
    format!("{length} {key}={value}\n").into_bytes()
}

#[test]
fn a_plain_zip_file_is_read_and_its_digest_is_that_of_its_bytes() {
    for change in [
        |_: &mut ZipMember| {},
        |member: &mut ZipMember| member.method = 0,
        |member: &mut ZipMember| member.flags = 8,
        |member: &mut ZipMember| member.attributes = 0,
        |member: &mut ZipMember| member.local_extra = b"UT\x05\0\x01abcd".to_vec(),
    ] {
        let bytes = zip_with(change);
        let contents = read_zip(&bytes).unwrap();
        assert_eq!(contents.sha256(), Sha256::of(&bytes));
        assert_eq!(contents.kept("a/keep"), Some(&b"some text, some text"[..]));
        assert_eq!(contents.members()["b.py"].sha256, Sha256::of(b""));
    }
}

#[test]
fn headers_of_a_zip_member_that_disagree_are_refused() {
    assert_code(
        read_zip(&zip_with(|member| member.local_name = Some(b"a/evil".to_vec()))),
        "archive-ambiguous",
    );
    let (bytes, directory) = zip(&[ZipMember::new("a", b"some text")]);
    // version, flags, method, time, date, checksum, sizes: each in the central header only.
    for at in [6, 8, 10, 12, 14, 16, 20, 24] {
        let mut bytes = bytes.clone();
        bytes[directory + at] ^= 2;
        assert!(read_zip(&bytes).is_err(), "{at}");
    }
}

#[test]
fn bytes_that_belong_to_no_member_are_refused() {
    assert_code(read_zip(&zip_with(|member| member.before = b"#!/bin/sh\n".to_vec())), "archive-ambiguous");
    assert_code(read_zip(&zip_with(|member| member.behind_data = b"x".to_vec())), "archive-ambiguous");
    let hidden = zip(&[ZipMember::new("hidden.py", b"evil")]).0;
    assert_code(read_zip(&zip_with(|member| member.before = hidden.clone())), "archive-ambiguous");
    let bytes = zip_with(|_| {});
    assert_code(read_zip(&[b"x", &bytes[..]].concat()), "archive-ambiguous");
    assert_code(read_zip(&[&bytes[..], b"x"].concat()), "archive-ambiguous");
    assert_code(read_zip(&[&hidden[..], &bytes[..]].concat()), "archive-ambiguous");
    assert_code(read_zip(&[&bytes[..], &hidden[..]].concat()), "archive-ambiguous");
    assert_code(read_zip(&bytes[..bytes.len() - 1]), "archive-ambiguous");
}

#[test]
fn a_second_end_record_in_a_comment_is_refused() {
    let mut bytes = zip_with(|_| {});
    let end = bytes[bytes.len() - 22..].to_vec();
    let comment = bytes.len() - 2;
    bytes[comment] = 22;
    assert_code(read_zip(&[bytes, end].concat()), "archive-ambiguous");
}

#[test]
fn an_end_record_that_lies_is_refused() {
    let bytes = zip_with(|_| {});
    let end = bytes.len() - 22;
    // volumes, counts, size, offset, and the values that announce zip64.
    for (at, value) in [(4, 1), (6, 1), (8, 1), (8, 3), (10, 1), (12, 1), (16, 1), (10, 0xff), (16, 0xff)] {
        let mut bytes = bytes.clone();
        bytes[end + at] = value;
        if value == 0xff {
            bytes[end + at..end + at + 2].fill(0xff);
        }
        assert!(read_zip(&bytes).is_err(), "{at}");
    }
    let mut fewer = bytes;
    fewer[end + 8] = 1;
    fewer[end + 10] = 1;
    assert_code(read_zip(&fewer), "archive-ambiguous");
}

#[test]
fn members_that_only_some_readers_know_are_refused() {
    type Change = fn(&mut ZipMember);
    let changes: [(&str, Change); 12] = [
        ("encrypted", |member| member.flags = 1),
        ("strongly encrypted", |member| member.flags = 1 << 6),
        ("masked", |member| member.flags = 1 << 13),
        ("patched", |member| member.flags = 1 << 5),
        ("another method", |member| member.method = 12),
        ("stored with its size behind", |member| (member.method, member.flags) = (0, 8)),
        ("zip64", |member| member.central_extra = [&[1, 0, 8, 0][..], &[0; 8]].concat()),
        ("another name", |member| member.local_extra = b"up\x06\0\x01abcde".to_vec()),
        ("another name", |member| member.central_extra = b"up\x06\0\x01abcde".to_vec()),
        ("cut extra field", |member| member.central_extra = b"UT\x09\0\x01".to_vec()),
        ("trailing extra byte", |member| member.central_extra = b"U".to_vec()),
        ("a comment", |member| member.comment = b"c".to_vec()),
    ];
    for (what, change) in changes {
        let error = read_zip(&zip_with(change)).expect_err(what);
        assert_eq!(error.code().as_str(), "archive-ambiguous", "{what}: {error}");
    }
}

#[test]
fn what_is_neither_file_nor_folder_is_refused() {
    for attributes in [0o120_777 << 16, 0o060_644 << 16, 0o010_644 << 16, 0o040_755 << 16, 0x10] {
        assert_code(read_zip(&zip_with(|member| member.attributes = attributes)), "archive-member-kind");
    }
    assert_code(
        read_members(&tar_with(|member| (member.kind, member.name) = (0, b"demo-1.0/a/".to_vec()))),
        "archive-member-kind",
    );
    assert!(read_members(&tar_with(|member| member.kind = 0)).is_ok());
    for kind in [b'1', b'2', b'3', b'4', b'6', b'7', b'S', b'V', b'K', b'?'] {
        assert_code(read_members(&tar_with(|member| member.kind = kind)), "archive-member-kind");
    }
}

#[test]
fn a_folder_has_no_bytes() {
    let folder = |bytes: &[u8]| {
        let mut folder = ZipMember::new("a/", bytes);
        (folder.attributes, folder.method) = (0o040_755 << 16, 0);
        read_zip(&zip(&[folder]).0)
    };
    assert_eq!(folder(b"").unwrap().folders().len(), 1);
    assert_code(folder(b"x"), "archive-ambiguous");
    assert_code(read_members(&tar_with(|member| member.kind = b'5')), "archive-ambiguous");
}

#[test]
fn paths_that_lead_elsewhere_are_refused_in_both_formats() {
    for name in ["../a", "/a", "a/../b", "a\\b", "c:/a", "a\nb", "a//b", "./a", "a. ", "nul\u{0}"] {
        assert_code(read_zip(&zip(&[ZipMember::new(name, b"")]).0), "archive-path");
        let name = format!("demo-1.0/{name}");
        if !name.contains('\0') {
            assert_code(read_members(&[TarMember::new(&name, FILE, b"")]), "archive-path");
        }
    }
    let mut latin = ZipMember::new("a", b"");
    latin.name = b"\xe9".to_vec();
    assert_code(read_zip(&zip(&[latin.clone()]).0), "archive-path");
    latin.name = "é".as_bytes().to_vec();
    assert_code(read_zip(&zip(&[latin.clone()]).0), "archive-path");
    latin.flags = 1 << 11;
    assert!(read_zip(&zip(&[latin]).0).is_ok());
}

#[test]
fn two_members_that_are_one_somewhere_are_refused_in_both_formats() {
    for (first, second) in [("a", "a"), ("a", "A"), ("é", "e\u{301}"), ("a", "a/b"), ("A/b", "a/c")] {
        let members = [first, second].map(|name| ZipMember::new(name, b""));
        assert_code(read_zip(&zip(&members).0), "archive-duplicate-path");
        let members = [first, second].map(|name| TarMember::new(&format!("demo-1.0/{name}"), FILE, b""));
        assert_code(read_members(&members), "archive-duplicate-path");
    }
}

#[test]
fn a_bomb_is_refused_before_it_unpacks() {
    let zeros = vec![0; 32 << 20];
    assert_code(read_zip(&zip_with(|member| member.bytes = zeros.clone())), "archive-too-large");
    assert_code(read_members(&tar_with(|member| member.bytes = zeros.clone())), "archive-too-large");
    let (mut lying, directory) = zip(&[ZipMember::new("a", &[1; 1000])]);
    for at in [22, directory + 24] {
        lying[at..at + 4].copy_from_slice(&10u32.to_le_bytes());
    }
    assert_code(read_zip(&lying), "archive-malformed");
}

#[test]
fn a_member_larger_than_any_real_one_is_refused_by_its_header() {
    let size = format!("{:011o}\0", limits::MEMBER_BYTES + 1).into_bytes();
    assert_code(read_members(&tar_with(|member| member.size = Some(size))), "archive-too-large");
}

#[test]
fn more_members_than_any_real_archive_has_are_refused() {
    let members = (0..=limits::MEMBERS).map(|number| TarMember::new(&format!("d/{number}"), FILE, b""));
    let error = read_members(&members.collect::<Vec<_>>()).unwrap_err();
    assert_eq!(error.to_string(), "the archive has more than 40000 members");
}

#[test]
fn a_plain_tar_file_is_read_and_its_digest_is_that_of_its_bytes() {
    let long = format!("demo-1.0/{}/keep", "x".repeat(120));
    let gnu = |name: &str| TarMember { magic: *b"ustar  \0", ..TarMember::new(name, FILE, b"some text") };
    let cases = [
        tar_with(|_| {}),
        tar_with(|member| (member.name, member.prefix) = (b"keep".to_vec(), b"demo-1.0/a".to_vec())),
        [vec![TarMember::new("demo-1.0/a/", b'5', b"")], tar_with(|_| {})].concat(),
        [vec![TarMember::new("x", b'x', &pax("mtime", "1.5"))], tar_with(|_| {})].concat(),
        [vec![TarMember::new("g", b'g', &pax("comment", "c0ffee"))], tar_with(|_| {})].concat(),
        vec![
            TarMember::new("x", b'x', &pax("path", &long)),
            TarMember::new(&long[..100], FILE, b"some text"),
        ],
        vec![TarMember::new("././@LongLink", b'L', format!("{long}\0").as_bytes()), gnu(&long[..100])],
    ];
    for members in cases {
        let bytes = gzip(&tar(&members));
        let contents = read_tar(&bytes).unwrap();
        assert_eq!(contents.sha256(), Sha256::of(&bytes));
        let path = contents.members().keys().next().unwrap();
        assert_eq!(contents.kept(path.as_str()), Some(&b"some text"[..]), "{path}");
    }
}

#[test]
fn a_second_name_or_size_for_a_tar_member_is_refused() {
    let file = || tar_with(|_| {}).remove(0);
    let long = format!("demo-1.0/{}", "x".repeat(120));
    let path = |name: &str| TarMember::new("x", b'x', &pax("path", name));
    let cases = [
        vec![path("demo-1.0/evil"), file()],
        vec![path("demo-1.0/evil"), path("demo-1.0/a/keep"), file()],
        vec![path(&long), TarMember::new("l", b'L', long.as_bytes()), file()],
        vec![TarMember::new("l", b'L', b"demo-1.0/evil\0"), file()],
        vec![TarMember::new("l", b'L', long.as_bytes()), file()],
        vec![TarMember::new("x", b'x', &pax("size", "1")), file()],
        vec![TarMember::new("x", b'x', &pax("GNU.sparse.name", "evil")), file()],
        vec![TarMember::new("x", b'x', &pax("linkpath", "evil")), file()],
        vec![TarMember::new("g", b'g', &pax("path", "evil")), file()],
        tar_with(|member| (member.magic, member.prefix) = (*b"ustar  \0", b"evil".to_vec())),
    ];
    for (number, members) in cases.into_iter().enumerate() {
        let error = read_members(&members).unwrap_err();
        assert_eq!(error.code().as_str(), "archive-ambiguous", "{number}: {error}");
    }
    assert_code(read_members(&tar_with(|member| member.name.extend(b"\0evil"))), "archive-malformed");
    assert_code(
        read_members(&tar_with(|member| member.size = Some(b"\x80\0\0\0\0\0\0\0\0\0\0\x09".to_vec()))),
        "archive-malformed",
    );
    assert_code(read_members(&tar_with(|member| member.magic = [0; 8])), "archive-malformed");
    assert_code(read_members(&[file(), path(&long)]), "archive-malformed");
}

#[test]
fn what_stands_behind_the_end_of_a_tar_file_is_refused() {
    let plain = tar(&tar_with(|_| {}));
    let more = tar(&[TarMember::new("demo-1.0/evil", FILE, b"")]);
    assert!(read_tar(&gzip(&[&plain[..], &[0; 9216]].concat())).is_ok());
    assert_code(read_tar(&gzip(&[&plain[..], &more[..]].concat())), "archive-ambiguous");
    assert_code(read_tar(&gzip(&[&plain[..plain.len() - 512], &more[..]].concat())), "archive-ambiguous");
    assert_code(read_tar(&gzip(&plain[..plain.len() - 512])), "archive-malformed");
    assert_code(read_tar(&[gzip(&plain), gzip(&more)].concat()), "archive-ambiguous");
    assert_code(read_tar(&[gzip(&plain), b"x".to_vec()].concat()), "archive-ambiguous");
    assert_code(read_members(&tar_with(|member| member.padding = 1)), "archive-ambiguous");
    let mut packed = gzip(&plain);
    packed.truncate(packed.len() - 1);
    assert_code(read_tar(&packed), "archive-malformed");
    let at = gzip(&plain).len() - 6;
    let mut packed = gzip(&plain);
    packed[at] ^= 1;
    assert_code(read_tar(&packed), "archive-malformed");
}

#[test]
fn an_sdist_is_one_folder() {
    let two = ["demo-1.0/a", "other/b"].map(|name| TarMember::new(name, FILE, b""));
    assert_code(read_members(&two), "archive-malformed");
    assert_code(read_members(&[TarMember::new("demo-1.0", FILE, b"")]), "archive-malformed");
    let zipped = zip(&[ZipMember::new("demo-1.0/a", b"")]).0;
    let contents = sdist::read(Cursor::new(zipped), Archive::Zip, &|_| false).unwrap();
    assert_eq!(digests(&contents).into_keys().collect::<Vec<_>>(), ["a"]);
}

#[test]
fn a_reader_that_fails_says_nothing_about_the_archive() {
    struct Broken(Cursor<Vec<u8>>, u64);
    impl Read for Broken {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0.position() >= self.1 {
                return Err(io::Error::from(io::ErrorKind::InvalidData));
            }
            let most = usize::try_from(self.1 - self.0.position()).unwrap().min(buffer.len());
            self.0.read(&mut buffer[..most])
        }
    }
    impl Seek for Broken {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            self.0.seek(to)
        }
    }
    let broken = Broken(Cursor::new(zip_with(|_| {})), 40);
    assert_code(wheel::read(broken, &|_| false), "archive-unreadable");
    let broken = Broken(Cursor::new(gzip(&tar(&tar_with(|_| {})))), 40);
    assert_code(sdist::read(broken, Archive::TarGz, &|_| false), "archive-unreadable");
}

/// Files of which no two names are one name to any file system: `é` has one spelling here, while `ß` is also `ss`.
fn files() -> impl Strategy<Value = BTreeMap<String, Vec<u8>>> {
    let name = prop_oneof!["[a-z]{1,3}", "[a-z]{110,130}", "[a-zé]{1,3}"];
    let path = proptest::collection::vec(name, 1..4).prop_map(|parts| parts.join("/") + ".py");
    proptest::collection::btree_map(path, proptest::collection::vec(any::<u8>(), 0..2000), 0..8)
}

fn expected(files: &BTreeMap<String, Vec<u8>>) -> BTreeMap<String, (u64, Sha256)> {
    let one = |(path, bytes): (&String, &Vec<u8>)| {
        (path.clone(), (u64::try_from(bytes.len()).unwrap(), Sha256::of(bytes)))
    };
    files.iter().map(one).collect()
}

proptest! {
    #[test]
    fn what_another_program_zips_is_read_as_it_was(files in files(), stored: bool) {
        let method = if stored { ::zip::CompressionMethod::Stored } else { ::zip::CompressionMethod::Deflated };
        let options = ::zip::write::SimpleFileOptions::default().compression_method(method);
        let mut writer = ::zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (path, bytes) in &files {
            writer.start_file(path, options).unwrap();
            writer.write_all(bytes).unwrap();
        }
        let bytes = writer.finish().unwrap().into_inner();
        prop_assert_eq!(digests(&read_zip(&bytes).unwrap()), expected(&files));
    }

    #[test]
    fn what_another_program_tars_is_read_as_it_was(files in files()) {
        let mut builder = ::tar::Builder::new(Vec::new());
        for (path, bytes) in &files {
            let mut header = ::tar::Header::new_gnu();
            header.set_size(u64::try_from(bytes.len()).unwrap());
            header.set_mode(0o644);
            builder.append_data(&mut header, format!("demo-1.0/{path}"), &bytes[..]).unwrap();
        }
        let bytes = gzip(&builder.into_inner().unwrap());
        prop_assert_eq!(digests(&read_tar(&bytes).unwrap()), expected(&files));
    }

    /// Whatever an attacker changes in a ZIP file, it becomes unreadable or says the same as before.
    #[test]
    fn one_changed_byte_of_a_zip_file_changes_no_member(
        at in any::<proptest::sample::Index>(), to: u8, behind: bool,
    ) {
        let mut bytes = zip_with(|member| member.flags = if behind { 8 } else { 0 });
        let before = digests(&read_zip(&bytes).unwrap());
        let at = at.index(bytes.len());
        bytes[at] = to;
        if let Ok(contents) = read_zip(&bytes) {
            prop_assert_eq!(digests(&contents), before);
            prop_assert_eq!(contents.sha256(), Sha256::of(&bytes));
        }
    }

    /// The same of a compressed tar file, whose bytes gzip's checksum guards.
    #[test]
    fn one_changed_byte_of_a_gzip_file_changes_no_member(at in any::<proptest::sample::Index>(), to: u8) {
        let mut bytes = gzip(&tar(&tar_with(|_| {})));
        let before = digests(&read_tar(&bytes).unwrap());
        let at = at.index(bytes.len());
        bytes[at] = to;
        if let Ok(contents) = read_tar(&bytes) {
            prop_assert_eq!(digests(&contents), before);
        }
    }
}
