//! Which file of which story is the attack, and how long it could be had.
//!
//! The windows are those of the sources that the stories name; where a source gives none, it says `unknown`.

use super::window::Window;

/// An attack as a story tells it.
pub(super) struct Attack {
    /// The story's file in `scenarios/`, without `.toml`.
    pub(super) story: &'static str,
    /// The label of the attacker's file, the first where there are several.
    pub(super) file: &'static str,
    /// How long it could be had.
    pub(super) window: Window,
}

const fn attack(story: &'static str, file: &'static str, window: &'static str) -> Attack {
    Attack { story, file, window: Window(window) }
}

/// All attacks: releases of existing projects, then what stayed up for days or longer, then names.
pub(super) const ATTACKS: &[Attack] = &[
    attack("aiocpa-malicious-maintainer", "aiocpa-0.1.13-py3-none-any.whl", "24 h 24 min"),
    attack("ultralytics-attested-malware", "ultralytics-8.3.41-py3-none-any.whl", "12 h"),
    attack("ultralytics-old-token", "ultralytics-8.3.45-py3-none-any.whl", "about 1 h"),
    attack("num2words-phished-maintainer", "num2words-1.0.1-py3-none-any.whl", "under 12 h"),
    attack("litellm-stolen-token", "litellm-1.82.7-py3-none-any.whl", "2 h 32 min"),
    attack("telnyx-same-campaign", "telnyx-1.0.1-py3-none-any.whl", "3 h 42 min"),
    attack("elementary-data-script-injection", "elementary_data-0.23.3-py3-none-any.whl", "about 8 h"),
    attack("lightning-forty-two-minutes", "lightning-2.6.2-py3-none-any.whl", "42 min"),
    attack("mistralai-quarantined-project", "mistralai-2.4.6-py3-none-any.whl", "3 h"),
    attack("durabletask-three-versions", "durabletask-1.4.1-py3-none-any.whl", "unknown"),
    attack("nineteen-projects-one-token", "project_a-1.0.1-py3-none-any.whl", "unknown"),
    attack("xinference-yanked-not-deleted", "xinference-2.6.2-py3-none-any.whl", "days"),
    attack("ctx-new-wheels-on-an-old-release", "ctx-0.1.2-1-py2.py3-none-any.whl", "about 3 days"),
    attack("ctx-expired-domain", "ctx-0.2.1-py2.py3-none-any.whl", "9 days 15 h"),
    attack("patient-insider", "compressor-5.6.0-py3-none-any.whl", "5 weeks"),
    attack("torchtriton-dependency-confusion", "torchtriton-3.0.0-py3-none-any.whl", "about 5 days"),
    attack("internal-name-claimed-in-public", "acme_billing-9.0.0-py3-none-any.whl", "unknown"),
    attack("hallucinated-name", "fast_config_loader-1.0.0-py3-none-any.whl", "unknown"),
    attack("jeilyfish-capital-i", "jeIlyfish-1.0.1-py3-none-any.whl", "about 1 year"),
    attack("fabrice-old-typosquat", "fabrice-1.0.0-py3-none-any.whl", "over 3 years"),
];

/// How stories begin that are about who speaks for whom, and who decides together: no wait decides in them, so they are
/// no rows of a table.
#[cfg(test)]
pub(super) const ABOUT_PEOPLE: [&str; 2] = ["trust-", "vote-"];

/// Stories that are no rows of a table, and why.
pub(super) const ELSEWHERE: &[(&str, &str)] = &[
    ("aiocpa-code-in-the-wheel", "aiocpa once more, under a policy that asks what a wheel follows from"),
    ("ctx-a-vouch-does-not-grow", "the new wheels of ctx once more, under a policy that asks for vouches"),
    ("debian-index-frozen", "what is not believed any more, not when"),
    ("generated-file-in-the-sdist", "what is read decides, not how old it is"),
    ("malware-record-withdrawn", "a good file, and whether its record still holds"),
    ("mirror-without-upload-times", "what is not known, not when"),
    ("old-pinned-version", "old enough for every wait"),
    ("old-major-never-attested", "who published it decides, not when"),
    ("publisher-leaves-its-ci", "who published it decides, not when"),
    ("rebuilt-under-the-same-name", "whose bytes they are decides, not how old"),
    ("repository-renamed", "who published it decides, not when"),
    ("resurrected-account", "who published it decides, not when"),
    ("unhashed-wheel", "what cannot be judged, not when"),
    ("wheel-adds-a-pth", "what the wheel follows from decides, not when"),
];
