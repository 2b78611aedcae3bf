//! Malformed policies: each says where, what and what to write. Also under `[tool.covouch]`, with the right lines.

use std::fmt::Write as _;

use covouch_policy::{Policy, PolicyTable, Source};

use crate::world::{secret, signer, signer_with};

/// What is said about a policy: place, clause, code and hint.
fn said(text: &str, table: PolicyTable) -> String {
    let name = match table {
        PolicyTable::Whole => "covouch.toml",
        PolicyTable::Pyproject => "pyproject.toml",
    };
    let errors = Policy::parse(Source { name, text, table }).expect_err(text);
    let mut said = String::new();
    for error in &errors {
        let hint = error.hint().expect("every mistake comes with something to write");
        writeln!(said, "{error}\n  code: {}\n  hint: {hint}", error.code()).unwrap();
    }
    said
}

/// A policy that is right but for what replaces `ADMIT` and what follows.
fn around(admit: &str, rest: &str) -> String {
    let (ada, bob) = (signer("ada"), signer_with("bob", "owner = \"acme\"\nweight = 2.0"));
    format!("schema = 1\n[policy]\nadmit = '{admit}'\n{rest}\n[party.pypi]\nindex = 'pypi'\n{ada}{bob}")
}

macro_rules! malformed {
    ($($name:ident: $text:expr;)+) => {
        $(
            #[test]
            fn $name() {
                insta::assert_snapshot!(said(&$text, PolicyTable::Whole));
            }
        )+

        /// Every one of them under `[tool.covouch]`: the same clauses, and places in the longer file.
        #[test]
        fn pyproject_says_the_same() {
            $(
                let whole = said(&$text, PolicyTable::Whole);
                if let Some(text) = in_pyproject(&$text) {
                    let inside = said(&text, PolicyTable::Pyproject);
                    assert_eq!(clauses(&inside), clauses(&whole), "{}", stringify!($name));
                }
            )+
        }
    };
}

malformed! {
    not_toml: "schema = 1\n[policy\nadmit = 'pypi'";
    a_key_twice: "schema = 1\nschema = 1\n";
    no_schema: around("pypi", "").replace("schema = 1\n", "");
    a_schema_of_the_future: around("pypi", "").replace("schema = 1", "schema = 2");
    an_unknown_key: around("pypi", "").replace("schema = 1", "schema = 1\nmodus = 'enforce'");
    an_unknown_key_of_a_party: around("pypi", "").replace("weight =", "weigth =");
    a_wrong_type: around("pypi", "refuse = true");
    a_mode_nobody_knows: around("pypi", "").replace("schema = 1", "schema = 1\nmode = 'enforced'");
    an_unknown_party: around("pypi and bbo", "");
    an_unknown_level: around("pypi and ada.audit", "");
    a_reserved_name: around("pypi", "[party.wheel]\nindex = 'https://index.example/simple/'");
    a_name_that_is_none: around("pypi", "[party.Night_Watch]\nindex = 'https://index.example/simple/'");
    a_party_without_a_source: around("pypi", "[party.nobody]\nweight = 1");
    a_party_with_two_sources: around("pypi", "").replace("index = 'pypi'", "index = 'pypi'\nfeed = 'https://f.example/'");
    a_key_without_its_folder: around("pypi", "").replace("from = \"trust/\"", "");
    a_key_that_is_none: around("pypi", "").replace(&secret("ada").public_key().to_string(), "ssh-ed25519 AAAA…");
    a_key_of_another_kind: around("pypi", "").replace(
        &secret("ada").public_key().to_string(),
        "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBHwf2HMM5TRXvo2SQJjsNkiDD5KqiiNjrGVv3UUh+mMT5RHxiRtOnlqvjhQtBq0VpmpCV/PwUdhOig4vkbqAcEc="
    );
    a_key_twice_at_one_party: around("pypi", "").replace(
        &format!("key = \"{} ada\"", secret("ada").public_key()),
        &format!("keys = ['{0}', '{0}']", secret("ada").public_key())
    );
    an_index_twice: around("pypi", "[party.mirror]\nindex = 'pypi'");
    an_index_with_a_password: around("pypi", "[party.internal]\nindex = 'https://me:hush@index.example/simple/'");
    an_index_that_is_no_address: around("pypi", "[party.internal]\nindex = 'ftp://index.example/'");
    a_weight_that_is_none: around("pypi", "").replace("weight = 2.0", "weight = -2.0");
    a_weight_with_an_exponent: around("pypi", "").replace("weight = 2.0", "weight = 2e0");
    a_level_no_index_has: around("pypi.audited", "").replace("index = 'pypi'", "index = 'pypi'\nlevel = 'vouched'");
    a_threshold_of_zero: around("pypi and at least 0 of (ada, bob)", "");
    a_threshold_above_its_group: around("pypi and at least 3 of (ada, bob)", "");
    a_name_twice_in_a_group: around("at least 2 of (ada, bob, ada.audited)", "");
    two_terms_side_by_side: around("pypi ada", "");
    a_parenthesis_left_open: around("pypi and (ada or bob", "");
    an_operator_of_another_language: around("pypi && ada", "");
    a_percentage_above_all: around("ada >= 150%", "");
    not_before_positive_evidence: around("pypi and not ada", "");
    not_before_a_kind: around("pypi and not wheel", "");
    not_before_a_parenthesis: around("pypi and not (yanked or vetoes)", "");
    negative_evidence_that_would_admit: around("pypi or yanked", "");
    positive_evidence_that_would_refuse: around("pypi", "refuse = 'ada or not vetoes'");
    a_score_nobody_reaches: around("score >= 2.5", "");
    a_score_without_weights: around("score >= 2.0", "").replace("weight = 2.0", "");
    a_group_of_one_owner: around("at least 2 of (ada, bob)", "").replace("from =", "owner = \"acme\"\nfrom =")
        .replace("owner = \"acme\"\nweight", "weight");
    a_publisher_that_is_none: around("pypi and attested by \"psf/requests\"", "");
    derived_from_an_index: around("pypi and derived from pypi", "");
    derive_something_else: around("pypi", "derive = 'always'");
    a_distribution_without_suites: around("pypi and debian", "[party.debian]\ndebian = { mirror = 'ftp://index.example/' }");
    a_suite_that_is_none: around("pypi and debian", "[party.debian]\ndebian = { suites = ['9lives', '../stable', ''] }");
    a_feed_without_its_root: around("pypi and curator", "[party.curator]\nfeed = 'https://curator.example/feed/'");
    malware_records_that_vouch: around("pypi and malware", "[party.malware]\nosv = 'records/'\nlevel = 'audited'\nweight = 1.0");
    a_policy_that_admits_nothing: around("pypi", "").replace("admit = 'pypi'", "");
    an_empty_admit: around("", "");
    an_empty_file: "";
    a_rule_without_projects: around("pypi", "[[rule]]\nadmit = 'pypi'");
    a_rule_that_says_nothing: around("pypi", "[[rule]]\nprojects = ['acme-*']");
    a_rule_pinned_to_a_person: around("pypi", "[[rule]]\nprojects = ['acme-*']\nindex = 'ada'");
    a_pattern_that_is_none: around("pypi", "[[rule]]\nprojects = ['acme/*']\nadmit = 'ada and bob'");
    a_waiver_without_its_end: around("pypi", "[[waiver]]\nsha256 = 'abc'\nreason = ' '\napproved-by = 'ada'");
    a_waiver_approved_by_nobody: around("pypi", "[[waiver]]\nsha256 = '0000000000000000000000000000000000000000000000000000000000000000'\nreason = 'x'\nexpires = 2026-12-31");
    a_waiver_approved_by_an_index: around("pypi", "[[waiver]]\nsha256 = '0000000000000000000000000000000000000000000000000000000000000000'\nreason = 'x'\nexpires = 2026-12-31\napproved-by = 'pypi'");
    a_waiver_with_a_local_time: around("pypi", "[[waiver]]\nsha256 = '0000000000000000000000000000000000000000000000000000000000000000'\nreason = 'x'\nexpires = 2026-12-31T10:00:00\napproved-by = 'ada'");
    a_veto_by_an_index: around("pypi", "refuse = 'veto by pypi'");
    a_gateway_setting_that_is_none: around("pypi", "[gateway]\nconnect = ['index.example']\nmax-fallback-age = '90'\nblocked = 'hidden'");
    an_expression_that_would_move_the_cursor: around("pypi", "refuse = \"\\u001b[2J\"");
    a_name_that_would_move_the_cursor: around("pypi", "[[rule]]\nprojects = [\"a\\u001b\"]\nindex = \"\\u202eoops\\n\"");
    many_things_at_once: around("pypi and carl and at least 0 of (ada)", "refuse = 'quarantine or veto by carl'");
}

/// The same policy as `[tool.covouch]`, below another tool's table; `None` where the text is no TOML of its own.
fn in_pyproject(text: &str) -> Option<String> {
    text.parse::<toml::Table>().ok()?;
    let mut inside = "[project]\nname = 'acme'\n\n[tool.covouch]\n".to_owned();
    for line in text.lines() {
        let line = match line.strip_prefix("[[").or_else(|| line.strip_prefix('[')) {
            Some(rest) if line.starts_with("[[") => format!("[[tool.covouch.{rest}"),
            Some(rest) => format!("[tool.covouch.{rest}"),
            None => line.to_owned(),
        };
        inside.push_str(&line);
        inside.push('\n');
    }
    Some(inside)
}

/// What is said, without files and names of tables, and with the lines of a file that starts four lines later.
fn clauses(said: &str) -> Vec<String> {
    said.lines()
        .map(|line| {
            let line = line.replace("tool.covouch.", "").replace("`[tool.covouch]`", "the policy");
            match line.split_once("`: ") {
                Some((place, clause)) if place.starts_with('`') => {
                    let mut parts = place.trim_start_matches('`').split(':');
                    let file = parts.next().unwrap_or_default();
                    let number: usize = parts.next().unwrap_or_default().parse().unwrap();
                    let first = if file == "pyproject.toml" { 4 } else { 0 };
                    format!("line {}: {clause}", number.saturating_sub(first).max(1))
                }
                _ => line,
            }
        })
        .collect()
}

#[test]
fn a_pyproject_without_our_table_says_so() {
    insta::assert_snapshot!(said("[project]\nname = 'acme'\n", PolicyTable::Pyproject));
}

#[test]
fn a_place_in_a_long_expression_is_the_terms_own() {
    let text = around("pypi and ADA", "")
        .replace("admit = 'pypi and ADA'", "admit = \"\"\"\npypi\n  and ada\n  and bbo\"\"\"");
    let first = said(&text, PolicyTable::Whole);
    assert!(first.starts_with("`covouch.toml:6:7`: no party `bbo`"), "{first}");
}

#[test]
fn an_escaped_expression_is_placed_at_its_start() {
    let text = around("x", "").replace("admit = 'x'", "admit = \"pypi \\u0061nd bbo\"");
    let first = said(&text, PolicyTable::Whole);
    assert!(first.starts_with("`covouch.toml:3:9`: no party `bbo`"), "{first}");
}

#[test]
fn a_huge_policy_is_not_read() {
    let text = "#".repeat(covouch_policy::limits::POLICY_BYTES + 1);
    assert!(said(&text, PolicyTable::Whole).contains("policy-too-large"));
}

#[test]
fn too_many_parties_are_an_error() {
    let mut text = around("pypi", "");
    for number in 0..64 {
        text.push_str(&format!("[party.p{number}]\nindex = 'https://p{number}.index.example/'\n"));
    }
    let said = said(&text, PolicyTable::Whole);
    assert!(said.contains("67 parties, at most 64 are read"), "{said}");
}
