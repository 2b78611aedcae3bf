//! `covouch policy analyze | diff`: what a policy means before anybody says anything, and what an edit changes.

use std::{fmt::Write as _, path::Path};

use covouch_core::{name::ProjectPattern, party::PartyName};
use covouch_policy::{
    PolicyErrors,
    analysis::{
        Analysis, Claim, ClaimAnswer, Coalition, Coalitions, NewWeights, RequirementAnalysis, Shadowed,
        Shares, Widening, json,
    },
};
use serde::Serialize;

use crate::{
    args::{Analyze, Format, PolicyDiff},
    exit::Exit,
    failure::Failure,
    policies::{self, Loaded},
    settings::Settings,
    terminal::{FAINT, RIGHT, TYPE, Terminal, UNSURE, WRONG, paint},
};

/// Most sets printed for people; programs get more.
const SETS: usize = 8;

pub(super) fn analyze(
    arguments: &Analyze,
    settings: &Settings,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let loaded = Loaded::find(Path::new("."), settings, terminal)?;
    let found = &loaded.project;
    let parse = |claim: &String| Claim::parse(claim, found.source()).map_err(|errors| first(&errors));
    let claim = arguments.claim.as_ref().map(parse).transpose()?;
    let analysis = Analysis::of(&found.policy, claim.as_ref())?;
    // The claim is in the project's own names, which may be other parties above: only the project answers for it.
    let above = loaded.base.as_ref().map(|base| Ok::<_, Failure>((base, Analysis::of(&base.policy, None)?)));
    let above = above.transpose()?;
    match arguments.format {
        Format::Human => {
            terminal.answer(describe(&analysis, claim.as_ref()));
            if let Some((base, analysis)) = &above {
                let name = base.policy.name();
                terminal.answer(format_args!(
                    "\nbase policy `{name}`, which must admit too\n{}",
                    describe(analysis, None)
                ));
            }
        }
        Format::Json => {
            let own = json::Analysis::from(&analysis);
            let all = above.iter().fold(own, |own, (base, analysis)| own.below(base.policy.name(), analysis));
            terminal.answer(written(&all)?);
        }
    }
    let broken =
        |requirement: &RequirementAnalysis| matches!(requirement.claim, Some(ClaimAnswer::Broken { .. }));
    Ok(if analysis.requirements.iter().any(broken) { Exit::Refused } else { Exit::Admitted })
}

pub(super) fn diff(arguments: &PolicyDiff, terminal: &Terminal) -> Result<Exit, Failure> {
    let old = policies::open(&arguments.old, terminal)?;
    let new = policies::open(&arguments.new, terminal)?;
    let widening = Analysis::widening(&old.policy, &new.policy)?;
    match arguments.format {
        Format::Human => terminal.answer(describe_widening(&widening)),
        Format::Json => terminal.answer(written(&json::Widening::from(&widening))?),
    }
    Ok(Exit::Admitted)
}

fn first(errors: &PolicyErrors) -> Failure {
    let error = errors.iter().next().cloned();
    error.map_or_else(|| Failure::new("internal", "a claim without errors was refused"), Failure::from)
}

fn written(answer: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string_pretty(answer).map_err(|error| Failure::new("internal", error.to_string()))
}

fn describe(analysis: &Analysis, claim: Option<&Claim>) -> String {
    let mut text = String::new();
    for requirement in &analysis.requirements {
        describe_requirement(&mut text, requirement);
        if let (Some(answer), Some(claim)) = (&requirement.claim, claim) {
            describe_claim(&mut text, answer, claim);
        }
        text.push('\n');
    }
    for shadowed in &analysis.shadowed {
        let _ = writeln!(text, "{}", describe_shadowed(shadowed));
    }
    text.truncate(text.trim_end().len());
    text
}

fn describe_requirement(text: &mut String, requirement: &RequirementAnalysis) {
    // Writing into a string cannot fail.
    let _ = writeln!(text, "{}: {}", about(requirement.projects.as_deref()), requirement.admit);
    lines(text, "admits", &told(&requirement.coalitions));
    let day = requirement.theft.as_ref().map(|theft| format!("{theft}"));
    let waiting = requirement.patient_theft.as_ref().map(|theft| format!("{theft}"));
    let thefts: Vec<String> = day.into_iter().chain(waiting).collect();
    lines(text, "falls to", &thefts);
    if [&requirement.theft, &requirement.patient_theft].into_iter().flatten().any(|theft| theft.keys <= 1) {
        let _ = writeln!(text, "  {} at most one key meets this requirement", paint(UNSURE, "warning:"));
    }
    lines(text, "cannot do without", &[names(&requirement.needed)]);
    lines(
        text,
        "one veto of",
        &[match requirement.vetoing.as_slice() {
            [] => "nobody keeps a file out".to_owned(),
            vetoing => format!("{} keeps a file out", names(vetoing)),
        }],
    );
}

fn describe_claim(text: &mut String, answer: &ClaimAnswer, claim: &Claim) {
    let (without, requirement, weights) = match answer {
        ClaimAnswer::Holds { shares } => {
            let _ = writeln!(text, "  {} {}", paint(RIGHT, "claim holds:"), claim.expression());
            return describe_shares(text, shares);
        }
        ClaimAnswer::Broken { without, requirement, weights } => (without, requirement, weights),
    };
    let _ = writeln!(text, "  {} {}", paint(WRONG, "claim is false:"), claim.expression());
    lines(text, "without it", &told(without));
    let _ = writeln!(text, "  {}: admit = '{requirement}'", paint(TYPE, "to do"));
    match weights {
        NewWeights::Found { weights, minimum } => {
            let weights: Vec<String> =
                weights.iter().map(|(party, weight)| format!("{party} {weight}")).collect();
            let _ = writeln!(
                text,
                "     or: admit = 'score >= {minimum}' with the weights {} (for whole words)",
                weights.join(", ")
            );
        }
        NewWeights::None => {
            let _ = writeln!(text, "         {}", paint(FAINT, "no weights can say this"));
        }
        NewWeights::NotLookedFor => {}
    }
}

/// What is said only where it is not as simple as it looks.
fn describe_shares(text: &mut String, shares: &Shares) {
    match shares {
        Shares::Hold => {}
        Shares::Broken(set) => lines(text, "but by shares", &[set.to_string()]),
        Shares::NotLookedAt => lines(text, "by shares", &["not looked at".to_owned()]),
    }
}

fn describe_shadowed(shadowed: &Shadowed) -> String {
    let Shadowed { rule, pattern, by, wider, never_fires } = shadowed;
    let effect =
        if *never_fires { "the rule never fires" } else { "this pattern of it never selects anything" };
    format!(
        "{} rule {rule}, `{pattern}`: rule {by} takes `{wider}` first, so {effect}",
        paint(UNSURE, "shadowed")
    )
}

fn describe_widening(widening: &Widening) -> String {
    let mut text = String::new();
    for change in &widening.changes {
        let projects = change.projects.as_ref().map(std::slice::from_ref);
        let _ = writeln!(text, "{}", about(projects));
        if change.admits.total > 0 {
            lines(&mut text, "newly admits", &told(&change.admits));
        }
        if change.refuses.total > 0 {
            lines(&mut text, "no more", &told(&change.refuses));
        }
    }
    if widening.scores {
        text.push_str("another score is asked for: words of less than 100% may newly suffice\n");
    }
    for party in &widening.parties {
        let _ = writeln!(text, "`{party}` is not who it was: its keys, address, owner or depth changed");
    }
    if widening.waivers > 0 {
        let _ = writeln!(text, "newly waived files: {}", widening.waivers);
    }
    if widening.monitors {
        text.push_str("nothing is kept out any more: `mode = \"monitor\"`\n");
    }
    text.push_str(if widening.widens() { "the edit lets more in" } else { "the edit lets nothing more in" });
    text
}

fn about(projects: Option<&[ProjectPattern]>) -> String {
    match projects {
        None => "every other project".to_owned(),
        Some(patterns) => {
            let patterns: Vec<String> = patterns.iter().map(|pattern| format!("`{pattern}`")).collect();
            format!("projects {}", patterns.join(", "))
        }
    }
}

fn names(parties: &[PartyName]) -> String {
    if parties.is_empty() {
        return "nobody alone".to_owned();
    }
    parties.iter().map(PartyName::as_str).collect::<Vec<_>>().join(", ")
}

fn told(coalitions: &Coalitions) -> Vec<String> {
    let score = |set: &Coalition| set.score.map(|score| format!(" (score {score})")).unwrap_or_default();
    let mut told: Vec<String> =
        coalitions.sets.iter().take(SETS).map(|set| format!("{set}{}", paint(FAINT, score(set)))).collect();
    if !coalitions.complete || coalitions.sets.len() > SETS {
        told.push(format!("and more: {} smallest sets in all", coalitions.total));
    } else if coalitions.sets.is_empty() {
        told.push("nothing".to_owned());
    }
    told
}

fn lines(text: &mut String, head: &str, told: &[String]) {
    for (number, line) in told.iter().enumerate() {
        let head = if number == 0 { head } else { "" };
        let _ = writeln!(text, "  {head:<18} {line}");
    }
}

#[cfg(test)]
mod tests {
    use covouch_policy::{Policy, PolicyTable, Source};

    use super::*;

    fn policy(admit: &str) -> String {
        let index =
            |name: &str| format!("[party.{name}]\nindex = \"https://{name}.index.example/\"\nweight = 1\n");
        format!("schema = 1\n{}{}[policy]\nadmit = '{admit}'\n", index("one"), index("two"))
    }

    fn source(text: &str) -> Source<'_> {
        Source { name: "covouch.toml", text, table: PolicyTable::Whole }
    }

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn a_false_claim_is_told_with_its_repair() {
        let text = policy("score >= 1");
        let claim = Claim::parse("one", source(&text)).unwrap();
        let analysis = Analysis::of(&Policy::parse(source(&text)).unwrap(), Some(&claim)).unwrap();
        let told = plain(&describe(&analysis, Some(&claim)));
        assert_eq!(
            told,
            "every other project: score >= 1.0\n  \
             admits             any 1 of (one, two) (score 1.0)\n  \
             falls to           no key at all, with two\n  \
             warning: at most one key meets this requirement\n  \
             cannot do without  nobody alone\n  \
             one veto of        nobody keeps a file out\n  \
             claim is false: one\n  \
             without it         two (score 1.0)\n  \
             to do: admit = 'one and score >= 1.0'\n     \
             or: admit = 'score >= 1' with the weights one 1, two 0 (for whole words)"
        );
    }

    #[test]
    fn an_edit_ends_with_what_it_comes_to() {
        let [old, new] = ["one and two", "one"].map(policy).map(|text| Policy::parse(source(&text)).unwrap());
        let told = plain(&describe_widening(&Analysis::widening(&old, &new).unwrap()));
        assert_eq!(told, "every other project\n  newly admits       one\nthe edit lets more in");
        let told = plain(&describe_widening(&Analysis::widening(&new, &new).unwrap()));
        assert_eq!(told, "the edit lets nothing more in");
    }
}
