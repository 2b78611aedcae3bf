//! Entity tags (RFC 9110 §8.8.3, §13.1.2).

use covouch_core::digest::Sha256;
use http::{HeaderMap, HeaderValue, header::IF_NONE_MATCH};

/// The strong tag of these bytes in this coding; compressed bytes are another representation.
pub(crate) fn of(sha256: &Sha256, coding: &str) -> String {
    format!("\"{sha256}{coding}\"")
}

/// Whether a client already has what this tag stands for; compared weakly, as it must be here.
pub(crate) fn matches(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    let tags = headers.get_all(IF_NONE_MATCH).into_iter();
    let mut tags = tags.flat_map(|line| line.as_bytes().split(|byte| *byte == b',')).map(<[u8]>::trim_ascii);
    tags.any(|tag| tag == b"*" || opaque(tag) == opaque(etag.as_bytes()))
}

fn opaque(tag: &[u8]) -> &[u8] {
    tag.strip_prefix(b"W/").unwrap_or(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_found_in_any_list() {
        let etag = HeaderValue::from_static("\"b\"");
        let has = |line: &'static str| {
            matches(&HeaderMap::from_iter([(IF_NONE_MATCH, HeaderValue::from_static(line))]), &etag)
        };
        assert!(has("\"b\"") && has("\"a\", \"b\"") && has("W/\"b\"") && has("*"));
        assert!(!has("\"a\"") && !has("b") && !has("") && !has("\"B\""));
        assert!(!matches(&HeaderMap::new(), &etag));
    }
}
