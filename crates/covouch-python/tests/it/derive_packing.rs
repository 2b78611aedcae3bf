//! Packs archives byte by byte, so that tests can say in them whatever an attacker could.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{Cursor, Write as _},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use covouch_core::{digest::Sha256, subject::FileName};
use covouch_python::{
    derive::{DeriveError, Names, Outcome, derive},
    filename::DistFilename,
};
use flate2::{Compression, Crc, write::DeflateEncoder, write::GzEncoder};

/// One member of a ZIP file, with everything its headers say.
#[derive(Clone)]
pub(crate) struct ZipMember {
    pub(crate) name: Vec<u8>,
    pub(crate) local_name: Option<Vec<u8>>,
    pub(crate) bytes: Vec<u8>,
    pub(crate) flags: u16,
    pub(crate) method: u16,
    pub(crate) attributes: u32,
    pub(crate) local_extra: Vec<u8>,
    pub(crate) central_extra: Vec<u8>,
    pub(crate) comment: Vec<u8>,
    pub(crate) behind_data: Vec<u8>,
    pub(crate) before: Vec<u8>,
}

impl ZipMember {
    pub(crate) fn new(name: &str, bytes: &[u8]) -> Self {
        Self {
            name: name.as_bytes().to_vec(),
            local_name: None,
            bytes: bytes.to_vec(),
            flags: if name.is_ascii() { 0 } else { 1 << 11 },
            method: 8,
            attributes: 0o100_644 << 16,
            local_extra: Vec::new(),
            central_extra: Vec::new(),
            comment: Vec::new(),
            behind_data: Vec::new(),
            before: Vec::new(),
        }
    }

    fn packed(&self) -> Vec<u8> {
        let mut packed = match self.method {
            8 => {
                let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
                encoder.write_all(&self.bytes).unwrap();
                encoder.finish().unwrap()
            }
            _ => self.bytes.clone(),
        };
        packed.extend(&self.behind_data);
        packed
    }
}

fn number16(number: usize) -> [u8; 2] {
    u16::try_from(number).unwrap().to_le_bytes()
}

fn number32(number: usize) -> [u8; 4] {
    u32::try_from(number).unwrap().to_le_bytes()
}

/// A ZIP file of these members, and where its central directory starts.
pub(crate) fn zip(members: &[ZipMember]) -> (Vec<u8>, usize) {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for member in members {
        file.extend(&member.before);
        let offset = file.len();
        let packed = member.packed();
        let mut crc = Crc::new();
        crc.update(&member.bytes);
        let sizes = [crc.sum().to_le_bytes(), number32(packed.len()), number32(member.bytes.len())].concat();
        let behind = member.flags & 8 != 0;
        let shared = |sizes: &[u8]| {
            let start = [20u16, member.flags, member.method, 0, 0x21].map(u16::to_le_bytes).concat();
            [&start, sizes].concat()
        };
        let local_name = member.local_name.as_ref().unwrap_or(&member.name);
        file.extend(b"PK\x03\x04");
        file.extend(shared(if behind { &[0; 12] } else { &sizes }));
        file.extend(number16(local_name.len()));
        file.extend(number16(member.local_extra.len()));
        file.extend(local_name);
        file.extend(&member.local_extra);
        file.extend(&packed);
        if behind {
            file.extend(b"PK\x07\x08");
            file.extend(&sizes);
        }
        directory.extend(b"PK\x01\x02\x14\x03");
        directory.extend(shared(&sizes));
        directory.extend(number16(member.name.len()));
        directory.extend(number16(member.central_extra.len()));
        directory.extend(number16(member.comment.len()));
        directory.extend([0; 4]);
        directory.extend(member.attributes.to_le_bytes());
        directory.extend(number32(offset));
        directory.extend(&member.name);
        directory.extend(&member.central_extra);
        directory.extend(&member.comment);
    }
    let at = file.len();
    let count = number16(members.len());
    file.extend(&directory);
    file.extend(b"PK\x05\x06\0\0\0\0");
    file.extend([count, count].concat());
    file.extend(number32(directory.len()));
    file.extend(number32(at));
    file.extend([0; 2]);
    (file, at)
}

/// One 512-byte header of a tar file with its body.
#[derive(Clone)]
pub(crate) struct TarMember {
    pub(crate) name: Vec<u8>,
    pub(crate) kind: u8,
    pub(crate) bytes: Vec<u8>,
    pub(crate) size: Option<Vec<u8>>,
    pub(crate) magic: [u8; 8],
    pub(crate) prefix: Vec<u8>,
    pub(crate) padding: u8,
}

impl TarMember {
    pub(crate) fn new(name: &str, kind: u8, bytes: &[u8]) -> Self {
        Self {
            name: name.as_bytes().to_vec(),
            kind,
            bytes: bytes.to_vec(),
            size: None,
            magic: *b"ustar\x0000",
            prefix: Vec::new(),
            padding: 0,
        }
    }
}

/// An unpacked tar file of these members.
pub(crate) fn tar(members: &[TarMember]) -> Vec<u8> {
    let mut file = Vec::new();
    for member in members {
        let mut block = [0; 512];
        let mut put = |at: usize, bytes: &[u8]| block[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, &member.name);
        put(100, b"0000644\0");
        let size = format!("{:011o}\0", member.bytes.len()).into_bytes();
        put(124, member.size.as_ref().unwrap_or(&size));
        put(136, b"00000000000\0");
        put(148, b"        ");
        put(156, &[member.kind]);
        put(257, &member.magic);
        put(345, &member.prefix);
        let sum: u32 = block.iter().copied().map(u32::from).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        file.extend(block);
        file.extend(&member.bytes);
        file.resize(file.len().next_multiple_of(512), member.padding);
    }
    file.extend([0; 1024]);
    file
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A release of the project `demo`: an sdist and a wheel, as files by path.
#[derive(Clone)]
pub(crate) struct Release {
    pub(crate) sdist: BTreeMap<String, Vec<u8>>,
    pub(crate) wheel: BTreeMap<String, Vec<u8>>,
    pub(crate) wheel_name: &'static str,
    /// Changes what `RECORD` says.
    pub(crate) record: fn(String) -> String,
}

pub(crate) const PYPROJECT: &str = r#"
[build-system]
build-backend = "hatchling.build"
requires = ["hatchling"]
[project]
name = "demo"
dynamic = ["version"]
requires-python = ">= 3.9"
dependencies = ["six >= 1"]
[project.optional-dependencies]
fast = ["cython; python_version < '3.14'"]
[project.scripts]
demo = "demo:main"
[tool.hatch.build.targets.wheel]
packages = ["src/demo"]
"#;

const METADATA: &str = "Metadata-Version: 2.4\nName: demo\nVersion: 1.0\nRequires-Python: >=3.9\n\
    Requires-Dist: six>=1\nProvides-Extra: fast\n\
    Requires-Dist: cython; (python_version < \"3.14\") and extra == \"fast\"\n\nA demo.\n";

impl Release {
    /// A release whose wheel follows from its sdist.
    pub(crate) fn ordinary() -> Self {
        let mut release = Self {
            sdist: BTreeMap::new(),
            wheel: BTreeMap::new(),
            wheel_name: "demo-1.0-py3-none-any.whl",
            record: |record| record,
        };
        release.add_both("demo/__init__.py", b"def main(): ...\n");
        release.add_both("demo/data.json", b"{}");
        release.add_sdist("pyproject.toml", PYPROJECT.as_bytes());
        release.add_sdist("PKG-INFO", METADATA.as_bytes());
        release.add_sdist("LICENSE", b"Do as you like.\n");
        release.add_sdist("tests/test_demo.py", b"import demo\n");
        release.add_info("METADATA", METADATA.as_bytes());
        release.add_info("WHEEL", b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n");
        release.add_info("entry_points.txt", b"[console_scripts]\ndemo = demo:main\n");
        release.add_info("licenses/LICENSE", b"Do as you like.\n");
        release
    }

    /// Puts a file into the wheel, and into the sdist below `src/`.
    pub(crate) fn add_both(&mut self, path: &str, bytes: &[u8]) {
        self.add_wheel(path, bytes);
        self.add_sdist(&format!("src/{path}"), bytes);
    }

    pub(crate) fn add_wheel(&mut self, path: &str, bytes: &[u8]) {
        self.wheel.insert(path.to_owned(), bytes.to_vec());
    }

    pub(crate) fn add_sdist(&mut self, path: &str, bytes: &[u8]) {
        self.sdist.insert(path.to_owned(), bytes.to_vec());
    }

    pub(crate) fn add_info(&mut self, path: &str, bytes: &[u8]) {
        self.add_wheel(&format!("demo-1.0.dist-info/{path}"), bytes);
    }

    pub(crate) fn edit_info(&mut self, path: &str, from: &str, to: &str) {
        edit(&mut self.wheel, &format!("demo-1.0.dist-info/{path}"), from, to);
    }

    pub(crate) fn edit_sdist(&mut self, path: &str, from: &str, to: &str) {
        edit(&mut self.sdist, path, from, to);
    }

    pub(crate) fn pack_sdist(&self) -> Vec<u8> {
        let member =
            |(path, bytes): (&String, &Vec<u8>)| TarMember::new(&format!("demo-1.0/{path}"), b'0', bytes);
        gzip(&tar(&self.sdist.iter().map(member).collect::<Vec<_>>()))
    }

    pub(crate) fn wheel_members(&self) -> Vec<ZipMember> {
        let path = "demo-1.0.dist-info/RECORD";
        let mut record = String::new();
        for (path, bytes) in &self.wheel {
            let digest = URL_SAFE_NO_PAD.encode(Sha256::of(bytes).as_bytes());
            writeln!(record, "{path},sha256={digest},{}", bytes.len()).unwrap();
        }
        writeln!(record, "{path},,").unwrap();
        let record = (self.record)(record);
        let members = self.wheel.iter().map(|(path, bytes)| ZipMember::new(path, bytes));
        members.chain([ZipMember::new(path, record.as_bytes())]).collect()
    }

    pub(crate) fn pack_wheel(&self) -> Vec<u8> {
        zip(&self.wheel_members()).0
    }

    /// What comes of comparing the two.
    pub(crate) fn outcome(&self) -> Result<Outcome, DeriveError> {
        compare(&self.pack_sdist(), &self.pack_wheel(), self.wheel_name)
    }

    /// Whether the wheel follows from the sdist.
    #[track_caller]
    pub(crate) fn assert_derived(&self) {
        match self.outcome().unwrap() {
            Outcome::Derived(derived) => {
                assert_eq!(derived.sdist(), Sha256::of(&self.pack_sdist()));
                assert_eq!(derived.wheel(), Sha256::of(&self.pack_wheel()));
            }
            Outcome::Differs(differences) => panic!("{:?}", differences.iter().collect::<Vec<_>>()),
        }
    }

    /// That it does not, and for these reasons.
    #[track_caller]
    pub(crate) fn assert_refused(&self, expected: &[&str]) {
        assert_eq!(self.reasons(), expected);
    }

    pub(crate) fn reasons(&self) -> Vec<String> {
        match self.outcome().unwrap() {
            Outcome::Derived(_) => Vec::new(),
            Outcome::Differs(differences) => differences.iter().map(ToString::to_string).collect(),
        }
    }
}

fn edit(files: &mut BTreeMap<String, Vec<u8>>, path: &str, from: &str, to: &str) {
    let bytes = files.get_mut(path).unwrap_or_else(|| panic!("{path}"));
    let text = String::from_utf8(bytes.clone()).unwrap();
    assert!(text.contains(from), "{path} has `{from}`");
    *bytes = text.replace(from, to).into_bytes();
}

/// Compares two packed archives of `demo` 1.0.
pub(crate) fn compare(sdist: &[u8], wheel: &[u8], wheel_name: &str) -> Result<Outcome, DeriveError> {
    let parse = |name| DistFilename::parse(&FileName::parse(name).unwrap(), None).unwrap();
    let (DistFilename::Sdist(sdist_name), DistFilename::Wheel(wheel_name)) =
        (parse("demo-1.0.tar.gz"), parse(wheel_name))
    else {
        panic!("an sdist and a wheel")
    };
    derive(Cursor::new(sdist), Cursor::new(wheel), Names { sdist: &sdist_name, wheel: &wheel_name })
}
