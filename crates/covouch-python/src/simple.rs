//! Pages of the Simple repository API, in JSON and in HTML, read and written.
//!
//! ```
//! use covouch_core::name::ProjectName;
//! use covouch_python::simple::{json, render};
//! use url::Url;
//!
//! let bytes = br#"{"meta": {"api-version": "1.1"}, "name": "ctx", "files": [{
//!     "filename": "ctx-0.1.2-py2.py3-none-any.whl", "url": "../../files/ctx-0.1.2-py2.py3-none-any.whl",
//!     "hashes": {}, "size": 4096, "upload-time": "2014-12-19T16:00:00Z"}]}"#;
//! let base = Url::parse("https://index.example/simple/ctx/")?;
//! let page = json::parse(bytes, &base, &ProjectName::parse("ctx")?)?;
//! let gated = page.edit(|file| Some(file.yank_with("covouch: 0 of 2 vouches").with_url("/files/held-back")));
//! assert!(String::from_utf8(render::json(&gated))?.contains(r#""yanked":"covouch: 0 of 2 vouches""#));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Invariants
//! - A page belongs to the project that was asked for, lists no file name twice, and is of API version 1.
//! - What the index did not state is `None`; it never becomes a `false` or an empty text.
//! - A file whose entry cannot be right (another project's file, an address outside the web, a malformed digest) is
//!   in [`Page::left_out`] with the reason and nowhere else.
//! - Reading what was written gives the same page.
//!
//! # Not here
//! Fetching, content negotiation and conditional requests are `covouch-io`'s. Nothing here judges a file.

pub mod html;
pub mod json;
pub mod render;

mod error;
mod file;
mod hashes;
mod page;

pub use error::{FileFault, PageError};
pub use file::{CoreMetadata, File, UploadTime, Yanked};
pub use hashes::Hashes;
pub use page::{ApiVersion, LeftOut, Marker, Page, Status, Unknown};

pub use crate::address::AddressError;
