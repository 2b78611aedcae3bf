//! Targets that read archives. Their seeds are whole archives; a tar file stands unpacked, so that a changed byte gets
//! past gzip's checksum.

use std::io::{Cursor, Write as _};

use covouch_core::{digest::Sha256, subject::FileName};
use covouch_python::{
    archive::{self, ArchiveError, Contents, MemberPath},
    derive::{self, Names, Outcome},
    filename::{Archive, DistFilename},
};
use flate2::{Compression, write::GzEncoder};

/// What was read is what the bytes say, each time.
fn check(bytes: &[u8], read: impl Fn() -> Result<Contents, ArchiveError>) {
    let contents = match read() {
        Ok(contents) => contents,
        Err(error) => {
            assert!(!error.to_string().chars().any(char::is_control), "a message obeys nobody");
            return;
        }
    };
    assert_eq!(contents.sha256(), Sha256::of(bytes));
    for (path, member) in contents.members() {
        assert_eq!(MemberPath::parse(path.as_str().as_bytes()).as_ref(), Ok(path));
        let kept = contents.kept(path.as_str()).expect("every file was to be kept");
        assert_eq!((u64::try_from(kept.len()), Sha256::of(kept)), (Ok(member.size), member.sha256));
        let similar = path.as_str().to_uppercase();
        assert!(similar == path.as_str() || !contents.members().contains_key(similar.as_str()));
    }
    assert_eq!(read().expect("it was read before").members(), contents.members());
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory takes bytes");
    encoder.finish().expect("memory takes bytes")
}

/// A wheel has one reading.
pub fn wheel(bytes: &[u8]) {
    check(bytes, || archive::wheel::read(Cursor::new(bytes), &|_| true));
}

/// An sdist has one reading: as it is, and with its bytes taken for an unpacked tar file.
pub fn sdist(bytes: &[u8]) {
    check(bytes, || archive::sdist::read(Cursor::new(bytes), Archive::Zip, &|_| true));
    for packed in [bytes.to_vec(), gzip(bytes)] {
        check(&packed, || archive::sdist::read(Cursor::new(&packed), Archive::TarGz, &|_| true));
    }
}

/// An unpacked sdist, then a wheel. Where the one follows from the other, every file of the wheel that Python could
/// import stands in the sdist.
pub fn derive(bytes: &[u8]) {
    let start = bytes.windows(4).position(|window| window == b"PK\x03\x04").unwrap_or(bytes.len());
    let (sdist, wheel) = bytes.split_at(start);
    let sdist = gzip(sdist);
    let name = |name| {
        DistFilename::parse(&FileName::parse(name).expect("it is a file name"), None)
            .expect("it is a distribution")
    };
    let (DistFilename::Sdist(sdist_name), DistFilename::Wheel(wheel_name)) =
        (name("demo-1.0.tar.gz"), name("demo-1.0-py3-none-any.whl"))
    else {
        unreachable!("the names are an sdist's and a wheel's")
    };
    let names = Names { sdist: &sdist_name, wheel: &wheel_name };
    let Ok(Outcome::Derived(derived)) = derive::derive(Cursor::new(&sdist), Cursor::new(wheel), names) else {
        return;
    };
    assert_eq!((derived.sdist(), derived.wheel()), (Sha256::of(&sdist), Sha256::of(wheel)));
    let sdist =
        archive::sdist::read(Cursor::new(&sdist), Archive::TarGz, &|_| false).expect("it was read before");
    let wheel = archive::wheel::read(Cursor::new(wheel), &|_| false).expect("it was read before");
    for (path, member) in wheel.members() {
        let source = format!("{}{}", derived.folder(), path.as_str());
        let is_known =
            sdist.members().get(source.as_str()).is_some_and(|found| found.sha256 == member.sha256);
        let is_metadata = path.split_top().0.ends_with(".dist-info");
        assert!(is_known || is_metadata || derived.generated().contains(path), "{path}");
        assert!(!path.as_str().ends_with(".pth"));
    }
}
