//! The codes of what this crate can report.

use covouch_core::code::Code;

macro_rules! codes {
    ($($name:ident = $text:literal;)*) => {
        $(pub(crate) const $name: Code = Code::new($text);)*

        /// Every code this crate can report.
        pub const CODES: &[Code] = &[$($name),*];
    };
}

codes! {
    FILENAME_KIND = "filename-kind";
    FILENAME_MALFORMED = "filename-malformed";
    FILENAME_OTHER_PROJECT = "filename-other-project";

    PAGE_TOO_LARGE = "page-too-large";
    PAGE_MALFORMED = "page-malformed";
    PAGE_API_VERSION = "page-api-version";
    PAGE_OTHER_PROJECT = "page-other-project";
    PAGE_DUPLICATE_FILE = "page-duplicate-file";
    PAGE_ADDRESS = "page-address";
    PAGE_HASH = "page-hash";
    PAGE_FIELD = "page-field";

    LOCK_UNKNOWN_KIND = "lock-unknown-kind";
    LOCK_TOO_LARGE = "lock-too-large";
    LOCK_MALFORMED = "lock-malformed";
    LOCK_VERSION = "lock-version";
    LOCK_INCLUDE = "lock-include";

    LOCK_NO_HASH = "lock-no-hash";
    LOCK_OTHER_HASH = "lock-other-hash";
    LOCK_VCS = "lock-vcs";
    LOCK_URL = "lock-url";
    LOCK_LOCAL = "lock-local";
    LOCK_UNPINNED = "lock-unpinned";
    LOCK_INDEX = "lock-index";
    LOCK_FIND_LINKS = "lock-find-links";
    LOCK_TRUSTED_HOST = "lock-trusted-host";
    LOCK_OPTION = "lock-option";
    LOCK_ENVIRONMENT = "lock-environment";
    LOCK_UNREADABLE = "lock-unreadable";
    LOCK_OTHER_FILE = "lock-other-file";

    PROVENANCE_TOO_LARGE = "provenance-too-large";
    PROVENANCE_MALFORMED = "provenance-malformed";
    PROVENANCE_VERSION = "provenance-version";
    PROVENANCE_EMPTY = "provenance-empty";
    PROVENANCE_PUBLISHER = "provenance-publisher";
    ATTESTATION_MALFORMED = "attestation-malformed";
    ATTESTATION_SUBJECTS = "attestation-subjects";
    ATTESTATION_OTHER_NAME = "attestation-other-name";
    ATTESTATION_OTHER_DIGEST = "attestation-other-digest";
    ATTESTATION_PREDICATE = "attestation-predicate";
    ATTESTATION_ISSUER = "attestation-issuer";
    ATTESTATION_CLAIM = "attestation-claim";
    ATTESTATION_OTHER_PUBLISHER = "attestation-other-publisher";
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
