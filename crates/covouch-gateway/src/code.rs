//! The codes of what this crate can report. A verdict's own codes are `covouch-policy`'s.

use covouch_core::code::Code;

macro_rules! codes {
    ($($name:ident = $text:literal;)*) => {
        $(pub(crate) const $name: Code = Code::new($text);)*

        /// Every code this crate can report.
        pub const CODES: &[Code] = &[$($name),*];
    };
}

codes! {
    BUSY = "gateway-busy";
    STORAGE = "gateway-storage";
    ADDRESS = "gateway-address";
    REQUEST_PATH = "request-path";
    REQUEST_METHOD = "request-method";
    REQUEST_ACCEPT = "request-accept";
    REQUEST_RANGE = "request-range";
    NO_ROUTE = "no-such-page";
    NO_PROJECT = "no-such-project";
    NO_FILE = "no-such-file";
    FILE_REPLACED = "file-replaced";
    FILE_UNHASHED = "file-unhashed";
    FILE_KIND = "file-kind";
    FILE_WRONG = "file-wrong";
    METADATA_WRONG = "metadata-wrong";
    METADATA_UNREADABLE = "metadata-unreadable";
    NOTHING_ADMITTED = "nothing-admitted";
    PROJECT_QUARANTINED = "project-quarantined";
    CONNECT_REFUSED = "connect-refused";
    CONNECT_FAILED = "connect-failed";
    PROXY_REFUSED = "proxy-refused";
    UPSTREAM_UNREACHABLE = "upstream-unreachable";
    UPSTREAM_WRONG = "upstream-wrong";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::CODES;

    #[test]
    fn no_code_stands_for_two_things() {
        assert_eq!(CODES.iter().collect::<BTreeSet<_>>().len(), CODES.len());
    }
}
