//! The stable codes of this crate's messages.

use covouch_core::code::Code;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal;)+) => {
        $($(#[doc = $doc])+ pub const $name: Code = Code::new($text);)+

        /// Every code of this crate.
        pub const CODES: &[Code] = &[$($name),+];
    };
}

codes! {
    // Policies that cannot be read.
    /// The file is not TOML.
    SYNTAX = "policy-syntax";
    /// The file is larger than anybody's policy.
    TOO_LARGE = "policy-too-large";
    /// `pyproject.toml` has no `[tool.covouch]`.
    NO_TABLE = "policy-no-table";
    /// The schema version is missing or unknown.
    SCHEMA = "policy-schema";
    /// A key nobody defined.
    UNKNOWN_KEY = "policy-unknown-key";
    /// A value of another type than the key takes.
    WRONG_TYPE = "policy-wrong-type";
    /// A key that must be there is not.
    MISSING_KEY = "policy-missing-key";
    /// A value that means nothing.
    BAD_VALUE = "policy-bad-value";
    /// An expression that does not follow the grammar.
    EXPRESSION = "policy-expression";
    /// A level nobody defined.
    UNKNOWN_LEVEL = "policy-unknown-level";
    /// A threshold that anything meets.
    ZERO_THRESHOLD = "policy-zero-threshold";
    /// More of something than is read.
    TOO_MANY = "policy-too-many";

    // Policies that cannot be meant.
    /// A party nobody declared.
    UNKNOWN_PARTY = "policy-unknown-party";
    /// A party called like a word of the language.
    RESERVED_NAME = "policy-reserved-name";
    /// A party without a source of evidence, or with two.
    PARTY_SOURCE = "policy-party-source";
    /// More parties are needed than the group has.
    THRESHOLD_ABOVE_GROUP = "policy-threshold-above-group";
    /// A name stands twice in a group.
    NAME_TWICE = "policy-name-twice";
    /// A key stands twice at one party.
    KEY_TWICE = "policy-key-twice";
    /// Two parties are the same index.
    INDEX_TWICE = "policy-index-twice";
    /// `not` stands before something that grants.
    NOT_BEFORE_POSITIVE = "policy-not-before-positive";
    /// Something that speaks against a file would let it in.
    NEGATIVE_ADMITS = "policy-negative-admits";
    /// Something that speaks for a file would keep it out.
    POSITIVE_REFUSES = "policy-positive-refuses";
    /// A source that only speaks against files is asked to speak for one.
    ONLY_AGAINST = "policy-only-against";
    /// A level the party's evidence never has.
    LEVEL_UNREACHABLE = "policy-level-unreachable";
    /// A minimum score above everything all parties can give.
    SCORE_UNREACHABLE = "policy-score-unreachable";
    /// A requirement its parties cannot meet together.
    GROUP_UNREACHABLE = "policy-group-unreachable";
    /// A minimum score where no party has a weight.
    SCORE_WITHOUT_WEIGHTS = "policy-score-without-weights";
    /// There is nothing that could let a file in.
    ADMITS_NOTHING = "policy-admits-nothing";
    /// A rule pins projects to a party that is no index.
    NOT_AN_INDEX = "policy-not-an-index";
    /// A party without keys is asked for a signature.
    NOT_A_SIGNER = "policy-not-a-signer";
    /// A waiver is approved by nobody, or in two ways.
    WAIVER_APPROVAL = "policy-waiver-approval";
    /// The base policy and the project's mean two indexes by one name.
    INDEX_CONFLICT = "policy-index-conflict";
    /// One name is two sources of evidence in two policies.
    PARTY_CONFLICT = "policy-party-conflict";

    /// A preset needs more keys than there are.
    PRESET_SIGNERS = "preset-signers";

    // Policies that are probably not meant.
    /// Two parties share a key, which counts once.
    KEY_SHARED = "policy-key-shared";
    /// A party nothing asks for.
    PARTY_UNUSED = "policy-party-unused";
    /// One key meets a requirement alone.
    ONE_KEY = "policy-one-key";

    // Analysis.
    /// A policy combines more than can be analysed.
    ANALYSIS_TOO_LARGE = "analysis-too-large";

    // Verdicts.
    /// The requirement is met.
    ADMITTED = "admitted";
    /// A waiver lets the file in.
    WAIVED = "waived";
    /// Monitoring lets the file in.
    MONITORED = "monitored";
    /// What the policy refuses is there.
    REFUSED_BY_POLICY = "refused-by-policy";
    /// What the requirement wants absent is there.
    NEGATIVE_EVIDENCE = "negative-evidence";
    /// The file is not on the index its project comes from.
    WRONG_INDEX = "wrong-index";
    /// The index lists other bytes under this name.
    HASH_MISMATCH = "hash-mismatch";
    /// A wheel of the release is kept out, so its sdist is too.
    SIBLING_KEPT_OUT = "sibling-kept-out";
    /// A wheel of the release has no digest, so its sdist is kept out.
    SIBLING_UNJUDGED = "sibling-unjudged";
    /// Too few vouches.
    NOT_ENOUGH_VOUCHES = "not-enough-vouches";
    /// Only time is missing.
    TOO_NEW = "too-new";
    /// What would decide is not known.
    NOT_KNOWN = "not-known";
    /// Which index the project comes from is not known.
    HOME_UNKNOWN = "home-unknown";
    /// Whether a wheel of the release is kept out is not known.
    SIBLING_UNKNOWN = "sibling-unknown";
    /// A lock names publishers of a file, and none of them published it.
    LOCK_OTHER_PUBLISHER = "lock-other-publisher";
    /// A file is on record as malware.
    MALWARE_RECORDED = "malware-recorded";
    /// A wheel was not compared with its release's sdist.
    NOT_COMPARED = "not-compared";
    /// Who published a file was not looked at.
    PUBLISHER_NOT_ASKED = "publisher-not-asked";
    /// An index or a folder was never asked.
    NOT_ASKED = "not-asked";
}

#[cfg(test)]
mod tests {
    use super::CODES;

    #[test]
    fn no_code_is_declared_twice() {
        let distinct: std::collections::BTreeSet<_> = CODES.iter().collect();
        assert_eq!(distinct.len(), CODES.len());
    }
}
